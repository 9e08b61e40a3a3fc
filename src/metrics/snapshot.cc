#include "metrics/snapshot.h"

#include <cmath>

#include "metrics/codec.h"

// The wire form, version 1. Numbers as in codec.h.
//
//   u8      version: 1
//   varint  second; samples_missed; values_refused; series_overflowed
//   varint  number of definitions, each: varint id, u8 kind, u8 contains, u8 merge, text name,
//           varint number of tags, each: text key, text value
//   varint  number of rows, each: varint id, u8 kind, then
//           trend: text of the encoded histogram;
//           else:  varint count, doubles sum, low, high, last
//   varint  number of tapped samples, each: varint series, zigzag time since the sample before in
//           ns (the first: since the epoch), varint vu, varint iteration, double value

namespace brunt {
namespace {

constexpr unsigned char version = 1;
constexpr std::uint64_t series_max = 1u << 24u;  // Ids beyond are no recorder's.

void encode_definition(const SeriesDefinition& definition, std::string& out) {
  put_varint(out, static_cast<std::uint64_t>(definition.id));
  out.push_back(static_cast<char>(definition.metric.kind));
  out.push_back(static_cast<char>(definition.metric.contains));
  out.push_back(static_cast<char>(definition.metric.merge));
  put_text(out, definition.metric.name);
  put_varint(out, definition.tags.size());
  for (const Tag& tag : definition.tags) {
    put_text(out, tag.key);
    put_text(out, tag.value);
  }
}

void encode_row(const SeriesRow& row, std::string& out) {
  put_varint(out, static_cast<std::uint64_t>(row.id));
  out.push_back(static_cast<char>(row.sink.kind()));
  if (row.sink.kind() == MetricKind::trend) return put_text(out, row.sink.histogram().encode());
  const Moments& moments = row.sink.moments();
  put_varint(out, moments.count);
  for (const double number : {moments.sum, moments.low, moments.high, row.sink.last()})
    put_double(out, number);
}

Result<SeriesId> decode_id(ByteReader& in) {
  const std::uint64_t id = TRY(in.varint());
  if (id >= series_max) return in.malformed("a series' id is out of range");
  return static_cast<SeriesId>(id);
}

template <typename Enum>
Result<Enum> decode_enum(ByteReader& in, Enum last) {
  const unsigned char value = TRY(in.byte());
  if (value > static_cast<unsigned char>(last)) return in.malformed("an unknown kind");
  return static_cast<Enum>(value);
}

Result<SeriesDefinition> decode_definition(ByteReader& in) {
  SeriesDefinition definition;
  definition.id = TRY(decode_id(in));
  definition.metric.kind = TRY(decode_enum(in, MetricKind::trend));
  definition.metric.contains = TRY(decode_enum(in, Contains::data));
  definition.metric.merge = TRY(decode_enum(in, GaugeMerge::sum));
  definition.metric.name = TRY(in.text());
  if (!check_metric_name(definition.metric.name)) return in.malformed("not a metric's name");
  const std::size_t tags = TRY(in.count(2));
  for (std::size_t i = 0; i < tags; ++i) {
    Tag tag;
    tag.key = TRY(in.text());
    tag.value = TRY(in.text());
    if (i > 0 && tag.key <= definition.tags.back().key) return in.malformed("tags are not sorted");
    definition.tags.push_back(std::move(tag));
  }
  return definition;
}

Result<SeriesRow> decode_row(ByteReader& in) {
  const SeriesId id = TRY(decode_id(in));
  const MetricKind kind = TRY(decode_enum(in, MetricKind::trend));
  if (kind == MetricKind::trend) {
    const std::string_view bytes = TRY(in.text());
    return SeriesRow{id, Sink::restore(TRY(Histogram::decode(as_bytes(bytes))))};
  }
  Moments moments;
  moments.count = TRY(in.varint());
  moments.sum = TRY(in.number());
  moments.low = TRY(in.number());
  moments.high = TRY(in.number());
  const double last = TRY(in.number());
  const bool usable = moments.count > 0 && std::isfinite(moments.low) &&
                      std::isfinite(moments.high) && moments.low <= moments.high &&
                      !std::isnan(moments.sum) && std::isfinite(last);
  if (!usable) return in.malformed("a row's figures make no sense");
  return SeriesRow{id, Sink::restore(kind, moments, last)};
}

Result<> decode_samples(ByteReader& in, std::vector<TappedSample>& samples) {
  const std::size_t count = TRY(in.count(12));
  samples.reserve(count);
  std::uint64_t unix_ns = 0;  // Unsigned, as broken bytes may wrap it.
  for (std::size_t i = 0; i < count; ++i) {
    TappedSample sample;
    sample.series = TRY(decode_id(in));
    unix_ns += static_cast<std::uint64_t>(TRY(in.zigzag()));
    sample.stamp.at.unix_ns = static_cast<std::int64_t>(unix_ns);
    const std::uint64_t vu = TRY(in.varint());
    if (vu > UINT32_MAX) return in.malformed("a virtual user's number is out of range");
    sample.stamp.vu = static_cast<std::uint32_t>(vu);
    sample.stamp.iteration = TRY(in.varint());
    sample.value = TRY(in.number());
    samples.push_back(sample);
  }
  return {};
}

}  // namespace

std::string encode_snapshot(const Snapshot& snapshot) {
  std::string out;
  out.push_back(static_cast<char>(version));
  put_varint(out, static_cast<std::uint64_t>(snapshot.second));
  put_varint(out, snapshot.samples_missed);
  put_varint(out, snapshot.values_refused);
  put_varint(out, snapshot.series_overflowed);
  put_varint(out, snapshot.defined.size());
  for (const SeriesDefinition& definition : snapshot.defined) encode_definition(definition, out);
  put_varint(out, snapshot.rows.size());
  for (const SeriesRow& row : snapshot.rows) encode_row(row, out);
  put_varint(out, snapshot.samples.size());
  std::uint64_t before = 0;
  for (const TappedSample& sample : snapshot.samples) {
    const auto now = static_cast<std::uint64_t>(sample.stamp.at.unix_ns);
    put_varint(out, static_cast<std::uint64_t>(sample.series));
    put_zigzag(out, static_cast<std::int64_t>(now - before));
    put_varint(out, sample.stamp.vu);
    put_varint(out, sample.stamp.iteration);
    put_double(out, sample.value);
    before = now;
  }
  return out;
}

Result<Snapshot> decode_snapshot(ByteView bytes) {
  ByteReader in(bytes, "snapshot");
  if (TRY(in.byte()) != version) return in.malformed("unknown version");
  Snapshot snapshot;
  const std::uint64_t second = TRY(in.varint());
  if (second > INT32_MAX) return in.malformed("the second is out of range");
  snapshot.second = static_cast<std::int64_t>(second);
  snapshot.samples_missed = TRY(in.varint());
  snapshot.values_refused = TRY(in.varint());
  snapshot.series_overflowed = TRY(in.varint());
  const std::size_t definitions = TRY(in.count(6));
  for (std::size_t i = 0; i < definitions; ++i)
    snapshot.defined.push_back(TRY(decode_definition(in)));
  const std::size_t rows = TRY(in.count(4));
  for (std::size_t i = 0; i < rows; ++i) snapshot.rows.push_back(TRY(decode_row(in)));
  TRY(decode_samples(in, snapshot.samples));
  TRY(in.finish());
  return snapshot;
}

}  // namespace brunt
