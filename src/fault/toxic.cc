#include "fault/toxic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"

namespace brunt {
namespace {

using Unit = ToxicAttribute::Unit;

constexpr ToxicAttribute latency_attributes[] = {
    {"latency", Unit::milliseconds, &Toxic::delay, nullptr, "how late each byte comes, in ms"},
    {"jitter", Unit::milliseconds, &Toxic::jitter, nullptr, "how much that varies, in ms"},
    {"distribution", Unit::shape, nullptr, nullptr, "of the jitter: uniform or normal"},
    {"handshake", Unit::flag, nullptr, nullptr, "true: connecting takes the round trip too"}};
constexpr ToxicAttribute bandwidth_attributes[] = {{"rate", Unit::kilobytes_a_second, nullptr,
                                                    &Toxic::bytes_a_second,
                                                    "in KB/s; 0: nothing passes"}};
constexpr ToxicAttribute slow_close_attributes[] = {
    {"delay", Unit::milliseconds, &Toxic::delay, nullptr, "until the end is passed on, in ms"}};
constexpr ToxicAttribute timeout_attributes[] = {
    {"timeout", Unit::milliseconds, &Toxic::delay, nullptr,
     "until the connection is closed, in ms; 0: never"}};
constexpr ToxicAttribute slicer_attributes[] = {
    {"average_size", Unit::bytes, nullptr, &Toxic::bytes, "of a slice, in bytes"},
    {"size_variation", Unit::bytes, nullptr, &Toxic::size, "how much that varies, in bytes"},
    {"delay", Unit::microseconds, &Toxic::delay, nullptr, "between two slices, in µs"}};
constexpr ToxicAttribute reset_peer_attributes[] = {
    {"timeout", Unit::milliseconds, &Toxic::delay, nullptr, "from the first byte on, in ms"}};
constexpr ToxicAttribute limit_data_attributes[] = {
    {"bytes", Unit::bytes, nullptr, &Toxic::bytes, "that pass before the connection is closed"}};
constexpr ToxicAttribute stall_attributes[] = {
    {"duration", Unit::milliseconds, &Toxic::delay, nullptr,
     "how long it stands still, in ms; 0: until the toxic is taken away"},
    {"bytes", Unit::bytes, nullptr, &Toxic::bytes,
     "that pass between two stalls; 0: one stall, at once"}};
constexpr ToxicAttribute corrupt_attributes[] = {
    {"bytes", Unit::bytes, nullptr, &Toxic::bytes, "between two flipped bits, on average"}};
constexpr ToxicAttribute duplicate_attributes[] = {
    {"bytes", Unit::bytes, nullptr, &Toxic::bytes, "between two repetitions, on average"},
    {"size", Unit::bytes, nullptr, &Toxic::size, "how many bytes come twice"}};

constexpr ToxicKind kinds[] = {
    {ToxicType::latency, "each byte comes later; order is kept", latency_attributes},
    {ToxicType::bandwidth, "no more than so many bytes a second", bandwidth_attributes},
    {ToxicType::slow_close, "the end of the stream is passed on later", slow_close_attributes},
    {ToxicType::timeout, "bytes go nowhere; then the connection is closed", timeout_attributes},
    {ToxicType::slicer, "bytes come in small slices, with pauses", slicer_attributes},
    {ToxicType::reset_peer, "the connection is reset (RST)", reset_peer_attributes},
    {ToxicType::limit_data, "the connection is closed after so many bytes", limit_data_attributes},
    {ToxicType::down, "nobody listens, and what is connected is closed", {}},
    {ToxicType::refuse, "new connections are refused", {}},
    {ToxicType::blackhole, "bytes go nowhere, connections stay open", {}},
    {ToxicType::stall, "bytes wait, then come; none is lost", stall_attributes},
    {ToxicType::corrupt, "now and then a bit is flipped", corrupt_attributes},
    {ToxicType::duplicate, "now and then some bytes come twice", duplicate_attributes}};

constexpr std::array<std::string_view, std::size(kinds)> type_names = {
    "latency", "bandwidth", "slow_close", "timeout", "slicer",  "reset_peer", "limit_data",
    "down",    "refuse",    "blackhole",  "stall",   "corrupt", "duplicate"};

constexpr std::array<std::string_view, 3> stream_names = {"upstream", "downstream", "both"};
constexpr std::array<std::string_view, 2> shape_names = {"uniform", "normal"};

// Beyond it nobody means it, and sums of times stay far from their end.
constexpr double delay_seconds_max = 30.0 * 24 * 3600;
constexpr double bytes_max = 1e15;

double unit_of(Unit unit) {
  switch (unit) {
    case Unit::milliseconds:
      return 1e6;
    case Unit::microseconds:
      return 1e3;
    case Unit::kilobytes_a_second:
      return 1e3;
    default:
      return 1;
  }
}

// Whole where it is whole, as Toxiproxy's clients expect integers.
Json number_of(double value) {
  if (value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

std::unexpected<Error> wrong(std::string_view attribute, std::string_view why) {
  return fail(ErrorCode::invalid, fmt::format("{}: {}", attribute, why));
}

std::string list_of(std::span<const std::string_view> names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<double> number_at(const Json& json, std::string_view name) {
  if (!json.is_number()) return wrong(name, "needs a number, found " + std::string(json.kind()));
  const double value = json.number();
  if (!std::isfinite(value)) return wrong(name, "needs a finite number");
  if (value < 0) return wrong(name, fmt::format("{} is negative; give 0 or more", json.text()));
  return value;
}

Result<> read_attribute(const ToxicAttribute& attribute, const Json& json, Toxic& out) {
  if (attribute.unit == Unit::flag) {
    if (!json.is_bool()) return wrong(attribute.name, "needs true or false");
    out.handshake = json.boolean();
    return {};
  }
  if (attribute.unit == Unit::shape) {
    const auto* const found =
        json.is_string() ? std::ranges::find(shape_names, json.string()) : shape_names.end();
    if (found == shape_names.end()) return wrong(attribute.name, "needs uniform or normal");
    out.shape = static_cast<JitterShape>(found - shape_names.begin());
    return {};
  }
  const double value = TRY(number_at(json, attribute.name)) * unit_of(attribute.unit);
  if (attribute.duration != nullptr) {
    if (value > delay_seconds_max * 1e9)
      return wrong(attribute.name, fmt::format("{} is more than 30 days", json.text()));
    out.*attribute.duration = Duration(static_cast<std::int64_t>(value + 0.5));
    return {};
  }
  if (value > bytes_max) return wrong(attribute.name, json.text() + " is too large");
  out.*attribute.number = static_cast<std::uint64_t>(value + 0.5);
  return {};
}

Json attribute_to_json(const ToxicAttribute& attribute, const Toxic& toxic) {
  if (attribute.unit == Unit::flag) return toxic.handshake;
  if (attribute.unit == Unit::shape) return shape_names[static_cast<std::size_t>(toxic.shape)];
  const double raw = attribute.duration != nullptr
                         ? static_cast<double>((toxic.*attribute.duration).count())
                         : static_cast<double>(toxic.*attribute.number);
  return number_of(raw / unit_of(attribute.unit));
}

Result<> read_word(const Json& json, std::string_view where, std::string& out) {
  const Json* const word = json.find(where);
  if (word == nullptr) return {};
  if (!word->is_string()) return wrong(where, "needs a text, found " + std::string(word->kind()));
  out = word->string();
  return {};
}

Result<> read_type(const Json& json, Toxic& out) {
  std::string type(name_of(out.type));
  TRY(read_word(json, "type", type));
  const auto found = parse_toxic_type(type);
  if (!found)
    return wrong("type", fmt::format("invalid toxic type \"{}\"{}; there are {}", type,
                                     did_you_mean(type, type_names), list_of(type_names)));
  out.type = *found;
  return {};
}

Result<> read_stream(const Json& json, Toxic& out) {
  std::string stream(name_of(out.stream));
  TRY(read_word(json, "stream", stream));
  const auto* const found = std::ranges::find(stream_names, stream);
  if (found == stream_names.end())
    return wrong("stream", fmt::format("stream was invalid (\"{}\"), can be either upstream or "
                                       "downstream, or both",
                                       stream));
  out.stream = static_cast<ToxicStream>(found - stream_names.begin());
  return {};
}

}  // namespace

std::string Toxic::full_name() const {
  return name.empty() ? fmt::format("{}_{}", name_of(type), name_of(stream)) : name;
}

std::string_view name_of(ToxicType type) {
  return type_names[static_cast<std::size_t>(type)];
}
std::string_view name_of(ToxicStream stream) {
  return stream_names[static_cast<std::size_t>(stream)];
}

std::optional<ToxicType> parse_toxic_type(std::string_view name) {
  const auto* const found = std::ranges::find(type_names, name);
  if (found == type_names.end()) return std::nullopt;
  return static_cast<ToxicType>(found - type_names.begin());
}

std::span<const ToxicKind> toxic_kinds() {
  return kinds;
}

const ToxicKind& kind_of(ToxicType type) {
  const ToxicKind& kind = kinds[static_cast<std::size_t>(type)];
  ASSERT(kind.type == type);
  return kind;
}

Result<> check_toxic(const Toxic& toxic) {
  if (!(toxic.toxicity >= 0 && toxic.toxicity <= 1))
    return wrong("toxicity", fmt::format("{} is no share; give 0 to 1", toxic.toxicity));
  if (toxic.delay < Duration::zero() || toxic.jitter < Duration::zero())
    return wrong(toxic.delay < Duration::zero() ? name_of(toxic.type) : "jitter",
                 "a time may not be negative");
  switch (toxic.type) {
    case ToxicType::slicer:
      if (toxic.bytes == 0) return wrong("average_size", "give at least 1 byte");
      if (toxic.size >= toxic.bytes)
        return wrong("size_variation", fmt::format("{} must be smaller than average_size ({})",
                                                   toxic.size, toxic.bytes));
      break;
    case ToxicType::corrupt:
    case ToxicType::duplicate:
      if (toxic.bytes == 0) return wrong("bytes", "give at least 1: the mean distance");
      if (toxic.type == ToxicType::duplicate && (toxic.size == 0 || toxic.size > 64u << 10u))
        return wrong("size", "give 1 to 65536 bytes");
      break;
    default:
      break;
  }
  return {};
}

Json to_json(const Toxic& toxic) {
  Json attributes{Json::Object{}};
  for (const ToxicAttribute& attribute : kind_of(toxic.type).attributes)
    attributes.set(attribute.name, attribute_to_json(attribute, toxic));
  Json json;
  json.set("attributes", std::move(attributes));
  json.set("name", toxic.full_name());
  json.set("type", name_of(toxic.type));
  json.set("stream", name_of(toxic.stream));
  json.set("toxicity", number_of(toxic.toxicity));
  return json;
}

Result<Toxic> toxic_from_json(const Json& json, ToxicReading reading, Toxic base) {
  if (!json.is_object())
    return fail(ErrorCode::malformed, "a toxic is an object, found " + std::string(json.kind()));
  Toxic out = std::move(base);
  if (reading == ToxicReading::whole) {
    if (json.find("type") == nullptr) return wrong("type", "missing required field");
    TRY(read_type(json, out));
    TRY(read_word(json, "name", out.name));
    TRY(read_stream(json, out));
    if (out.type == ToxicType::duplicate) out.size = 1;
  }
  if (const Json* const toxicity = json.find("toxicity"))
    out.toxicity = TRY(number_at(*toxicity, "toxicity"));
  if (const Json* const attributes = json.find("attributes");
      attributes && !attributes->is_null()) {
    if (!attributes->is_object()) return wrong("attributes", "needs an object");
    for (const ToxicAttribute& attribute : kind_of(out.type).attributes)
      if (const Json* const value = attributes->find(attribute.name))
        TRY(read_attribute(attribute, *value, out));
  }
  TRY(check_toxic(out));
  return out;
}

}  // namespace brunt
