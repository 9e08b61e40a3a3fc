// The parameters of one PostgreSQL statement, in text or in the server's binary format. A value; no
// I/O. clear() keeps the memory, so that a hot path allocates nothing once warm.
//
//   PostgresParams params;
//   params.add_text("soak");
//   params.add_integers(counts);              // One int4[] parameter: unnest($2::int4[])
//
// Source: PostgreSQL 15 manual, chapter 55 (protocol), src/include/catalog/pg_type.dat (type ids);
// the binary forms are those of the types' send functions.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace brunt {

using UuidBytes = std::array<std::byte, 16>;

class PostgresParams {
 public:
  void add_null();
  void add_text(std::string_view value);  // The server infers the type from the statement.
  void add_integer(std::int64_t value);   // int8
  void add_number(double value);          // float8
  void add_flag(std::uint8_t value);      // bool: 0 is false
  void add_time(WallTime value);          // timestamptz; rounded down to microseconds
  void add_uuid(const UuidBytes& value);
  void add_bytes(ByteView value);  // bytea

  // Arrays of one dimension, for unnest(). An element without a value is null.
  void add_texts(std::span<const std::string_view> values);                // text[]
  void add_integers(std::span<const std::optional<std::int32_t>> values);  // int4[]
  void add_bigints(std::span<const std::optional<std::int64_t>> values);   // int8[]
  void add_numbers(std::span<const std::optional<double>> values);         // float8[]
  void add_times(std::span<const WallTime> values);                        // timestamptz[]
  void add_uuids(std::span<const UuidBytes> values);                       // uuid[]
  void add_flags(std::span<const std::optional<std::uint8_t>> values);     // bool[]

  std::size_t size() const { return params_.size(); }
  void clear();

 private:
  friend class PostgresConnection;
  struct Param {
    std::uint32_t type;   // Object id of the type; 0 leaves it to the server.
    std::size_t offset;   // Into bytes_.
    std::int32_t length;  // -1 is null.
    std::uint8_t format;  // 0 text, 1 binary, as libpq counts.
  };
  void begin(std::uint32_t type, std::uint8_t format);
  void end();
  void put32(std::uint32_t value);
  void put64(std::uint64_t value);
  void begin_array(std::uint32_t array_type, std::uint32_t element_type, std::size_t count);

  std::string bytes_;
  std::vector<Param> params_;
};

}  // namespace brunt
