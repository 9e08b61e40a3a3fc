#include "db/postgres_params.h"

#include <bit>

namespace brunt {
namespace {

// Object ids of the types, fixed since ever: src/include/catalog/pg_type.dat.
enum Type : std::uint32_t {
  unknown = 0,
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int4 = 23,
  text = 25,
  float8 = 701,
  timestamptz = 1184,
  uuid = 2950,
  boolean_array = 1000,
  int4_array = 1007,
  text_array = 1009,
  int8_array = 1016,
  float8_array = 1022,
  timestamptz_array = 1185,
  uuid_array = 2951,
};

constexpr std::uint8_t text_format = 0;
constexpr std::uint8_t binary_format = 1;
constexpr std::uint32_t null_length = 0xffffffff;

// A timestamptz counts microseconds from 2000-01-01, which is this many seconds after 1970-01-01.
constexpr std::int64_t postgres_epoch_s = 946'684'800;

std::uint64_t timestamp_of(WallTime time) {
  const std::int64_t us = time.unix_ns >= 0 ? time.unix_ns / 1000 : (time.unix_ns - 999) / 1000;
  return static_cast<std::uint64_t>(us - postgres_epoch_s * 1'000'000);
}

}  // namespace

void PostgresParams::clear() {
  bytes_.clear();
  params_.clear();
}

void PostgresParams::begin(std::uint32_t type, std::uint8_t format) {
  params_.push_back({.type = type, .offset = bytes_.size(), .length = 0, .format = format});
}

void PostgresParams::end() {
  Param& param = params_.back();
  param.length = static_cast<std::int32_t>(bytes_.size() - param.offset);
  // libpq reads text up to a NUL; in binary form the byte does no harm.
  bytes_.push_back('\0');
}

void PostgresParams::put32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(value >> shift));
}

void PostgresParams::put64(std::uint64_t value) {
  put32(static_cast<std::uint32_t>(value >> 32u));
  put32(static_cast<std::uint32_t>(value));
}

void PostgresParams::add_null() {
  params_.push_back({.type = unknown, .offset = 0, .length = -1, .format = text_format});
}

void PostgresParams::add_text(std::string_view value) {
  begin(unknown, text_format);
  bytes_.append(value.substr(0, value.find('\0')));  // PostgreSQL's text holds no NUL.
  end();
}

void PostgresParams::add_integer(std::int64_t value) {
  begin(int8, binary_format);
  put64(static_cast<std::uint64_t>(value));
  end();
}

void PostgresParams::add_number(double value) {
  begin(float8, binary_format);
  put64(std::bit_cast<std::uint64_t>(value));
  end();
}

void PostgresParams::add_flag(std::uint8_t value) {
  begin(boolean, binary_format);
  bytes_.push_back(value == 0 ? '\0' : '\1');
  end();
}

void PostgresParams::add_time(WallTime value) {
  begin(timestamptz, binary_format);
  put64(timestamp_of(value));
  end();
}

void PostgresParams::add_uuid(const UuidBytes& value) {
  begin(uuid, binary_format);
  bytes_.append(as_text(value));
  end();
}

void PostgresParams::add_bytes(ByteView value) {
  begin(bytea, binary_format);
  bytes_.append(as_text(value));
  end();
}

// Offset  Size  Of an array of one dimension, big-endian
//      0     4  number of dimensions: 1 (0 for an empty array, which ends after the type)
//      4     4  1 if there may be nulls
//      8     4  object id of the element's type
//     12     4  number of elements
//     16     4  index of the first element: 1
//     20     …  for each element: its length (-1: null) and its binary form
void PostgresParams::begin_array(std::uint32_t array_type, std::uint32_t element_type,
                                 std::size_t count) {
  begin(array_type, binary_format);
  put32(count == 0 ? 0 : 1);
  put32(1);
  put32(element_type);
  if (count == 0) return;
  put32(static_cast<std::uint32_t>(count));
  put32(1);
}

void PostgresParams::add_texts(std::span<const std::string_view> values) {
  begin_array(text_array, text, values.size());
  for (const std::string_view value : values) {
    put32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  end();
}

void PostgresParams::add_integers(std::span<const std::optional<std::int32_t>> values) {
  begin_array(int4_array, int4, values.size());
  for (const auto& value : values) {
    put32(value ? sizeof(std::int32_t) : null_length);
    if (value) put32(static_cast<std::uint32_t>(*value));
  }
  end();
}

void PostgresParams::add_bigints(std::span<const std::optional<std::int64_t>> values) {
  begin_array(int8_array, int8, values.size());
  for (const auto& value : values) {
    put32(value ? sizeof(std::int64_t) : null_length);
    if (value) put64(static_cast<std::uint64_t>(*value));
  }
  end();
}

void PostgresParams::add_numbers(std::span<const std::optional<double>> values) {
  begin_array(float8_array, float8, values.size());
  for (const auto& value : values) {
    put32(value ? sizeof(double) : null_length);
    if (value) put64(std::bit_cast<std::uint64_t>(*value));
  }
  end();
}

void PostgresParams::add_times(std::span<const WallTime> values) {
  begin_array(timestamptz_array, timestamptz, values.size());
  for (const WallTime value : values) {
    put32(sizeof(std::int64_t));
    put64(timestamp_of(value));
  }
  end();
}

void PostgresParams::add_uuids(std::span<const UuidBytes> values) {
  begin_array(uuid_array, uuid, values.size());
  for (const UuidBytes& value : values) {
    put32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(as_text(value));
  }
  end();
}

void PostgresParams::add_flags(std::span<const std::optional<std::uint8_t>> values) {
  begin_array(boolean_array, boolean, values.size());
  for (const auto& value : values) {
    put32(value ? 1 : null_length);
    if (value) bytes_.push_back(*value == 0 ? '\0' : '\1');
  }
  end();
}

}  // namespace brunt
