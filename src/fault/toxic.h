// A toxic: what a proxy does to the bytes of its connections, as plain data. Named, switched on and
// off by name, for one direction or both, for all connections or a share of them.
//
//   const Toxic slow{.name = "far", .type = ToxicType::latency, .delay = 77ms, .jitter = 2ms};
//   TRY(check_toxic(slow));
//
// Which types take which attributes is one table (toxic_kinds()), which the control API, the
// command line and the docs read. What each does: fault/toxic_chain.h and
// docs/reference/proxy.md. Types and attributes of the first group are Toxiproxy's.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace brunt {

enum class ToxicType : std::uint8_t {
  // As Toxiproxy has them.
  latency,
  bandwidth,
  slow_close,
  timeout,
  slicer,
  reset_peer,
  limit_data,
  // Ours.
  down,       // The proxy does not listen, and what is connected is closed.
  refuse,     // New connections are refused; what is connected stays.
  blackhole,  // Bytes go nowhere, connections stay open.
  stall,      // Bytes wait, none is lost.
  corrupt,
  duplicate,
};

enum class ToxicStream : std::uint8_t { upstream, downstream, both };  // Requests, replies.

enum class JitterShape : std::uint8_t {
  uniform,  // delay ± jitter, evenly.
  normal,   // Mean delay, deviation jitter; never below zero.
};

// Fields that a type does not use are ignored, and must be as they are by default.
struct Toxic {
  std::string name;  // Unique in its proxy; empty: TYPE_STREAM.
  ToxicType type = ToxicType::latency;
  ToxicStream stream = ToxicStream::downstream;
  double toxicity = 1;  // The share of connections that it befalls, 0 to 1.

  Duration delay{};   // latency; slow_close, timeout, reset_peer: until then; slicer: between
                      // slices; stall: how long it stands still (zero: until it is taken away).
  Duration jitter{};  // latency
  JitterShape shape = JitterShape::uniform;  // latency
  bool handshake = false;            // latency: connecting takes the round trip too, as far away.
  std::uint64_t bytes_a_second = 0;  // bandwidth
  std::uint64_t bytes = 0;           // limit_data, slicer (a slice), corrupt and duplicate (mean
                                     // distance), stall (how many pass between two).
  std::uint64_t size = 0;            // slicer: variation; duplicate: how many are sent again.

  std::string full_name() const;  // The name, or TYPE_STREAM.
  friend bool operator==(const Toxic&, const Toxic&) = default;
};

std::string_view name_of(ToxicType type);
std::string_view name_of(ToxicStream stream);
std::optional<ToxicType> parse_toxic_type(std::string_view name);

// One attribute of a type, as the control API calls it.
struct ToxicAttribute {
  enum class Unit : std::uint8_t {
    milliseconds,
    bytes,
    kilobytes_a_second,
    microseconds,
    shape,
    flag
  };
  std::string_view name;
  Unit unit;
  Duration Toxic::*duration = nullptr;  // For times, else
  std::uint64_t Toxic::*number = nullptr;
  std::string_view about;
};

struct ToxicKind {
  ToxicType type;
  std::string_view about;  // For people.
  std::span<const ToxicAttribute> attributes;
};
std::span<const ToxicKind> toxic_kinds();
const ToxicKind& kind_of(ToxicType type);

// Errors: invalid: a share outside 0 to 1, a negative time, a rate of nothing, a slice smaller than
// its variation; each says which attribute and what would do.
Result<> check_toxic(const Toxic& toxic);

// {"name", "type", "stream", "toxicity", "attributes": {…}}, as the control API shows it.
Json to_json(const Toxic& toxic);

// Reads it back. What is missing stays as in `base`, which is how an update works; the type of
// `base` counts where none is given. Unknown attributes are ignored, as Toxiproxy does. Checked.
// Errors: invalid, malformed (a wrong kind of value); the text says where.
enum class ToxicReading : std::uint8_t { whole, update };
Result<Toxic> toxic_from_json(const Json& json, ToxicReading reading, Toxic base = {});

}  // namespace brunt
