// A compiled JSONPath: how captures and checks reach into a JSON body.
//
//   $.a.b[0].c   $['a b']   $.a[-1]   $.a[1:3]   $.a[*].id   $..id   $.a["x","y"]   $.a.length()
//
// Left out: filter expressions `[?(...)]`, which are refused by name. `length()` at the end gives
// the number of elements, members or characters.
// Source: RFC 9535 for what is there; length() from the JSONPath of S. Goessner's followers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace brunt {

class JsonPath {
 public:
  struct Limits {
    std::size_t matches_max = 100'000;   // all() stops there with too_large.
    std::size_t visits_max = 5'000'000;  // Several `..` multiply; beyond, all() gives too_large.
    std::size_t segments_max = 64;       // More is a slip or an attack.
  };

  // Errors: invalid, with the column in the path.
  static Result<JsonPath> compile(std::string_view path);

  // The first match in document order; nothing where there is none. No allocation but the copy.
  std::optional<Json> first(const Json& document) const;

  // Every match in document order. Errors: too_large.
  Result<std::vector<Json>> all(const Json& document) const;

  const std::string& source() const { return source_; }

 private:
  enum class Kind : std::uint8_t { names, index, wildcard, slice };
  struct Segment {
    Kind kind = Kind::names;
    bool descend = false;  // `..` before it.
    std::vector<std::string> names;
    std::int64_t index = 0;
    std::optional<std::int64_t> from, to;  // Of a slice.
    std::int64_t step = 1;
  };
  class Parser;
  class Walker;

  std::string source_;
  std::vector<Segment> segments_;
  bool length_ = false;  // `.length()` at the end.
};

}  // namespace brunt
