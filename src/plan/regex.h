// A compiled regular expression, for captures and checks on bodies. Perl's syntax, UTF-8 bytes.
//
// PCRE2 underneath, with its just-in-time compiler where the machine has one, and a bound on the
// steps of a match, so that a hostile body cannot stop a loop. Copyable (the compiled form is
// immutable and shared), safe to use from several threads.
//
// Source: pcre2pattern(3).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

class Regex {
 public:
  struct Limits {
    std::uint32_t steps_max = 1'000'000;  // A match that needs more gives too_large.
    std::size_t pattern_bytes_max = 64 * 1024;
  };

  // Matches nothing.
  Regex();
  ~Regex();
  Regex(const Regex&);
  Regex(Regex&&) noexcept;
  Regex& operator=(const Regex&);
  Regex& operator=(Regex&&) noexcept;

  // `/pattern/flags` with flags i, m, s, x, or a bare pattern.
  // Errors: invalid, with the column in the pattern.
  static Result<Regex> compile(std::string_view pattern);

  // Errors: too_large.
  Result<bool> matches(std::string_view text) const;

  // The first match's group 1, or the whole match of a pattern without groups; nothing if there is
  // no match. A view into `text`. Errors: too_large.
  Result<std::optional<std::string_view>> capture(std::string_view text) const;

  const std::string& source() const { return source_; }

 private:
  struct Code;
  std::string source_;
  // Shared because plans are copied (one for each loop) and PCRE2's code is immutable once
  // compiled.
  std::shared_ptr<const Code> code_;
};

}  // namespace brunt
