#include "plan/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <utility>

#include "base/assert.h"

namespace brunt {

struct Regex::Code {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  bool has_group = false;

  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

namespace {

struct Pattern {
  std::string_view text;
  std::uint32_t options = PCRE2_NEVER_BACKSLASH_C;
};

Result<Pattern> take_apart(std::string_view written) {
  Pattern pattern{written};
  const std::size_t last = written.rfind('/');
  if (!written.starts_with('/') || last == 0) return pattern;
  pattern.text = written.substr(1, last - 1);
  for (const char flag : written.substr(last + 1)) switch (flag) {
      case 'i':
        pattern.options |= PCRE2_CASELESS;
        break;
      case 'm':
        pattern.options |= PCRE2_MULTILINE;
        break;
      case 's':
        pattern.options |= PCRE2_DOTALL;
        break;
      case 'x':
        pattern.options |= PCRE2_EXTENDED;
        break;
      default:
        return fail(ErrorCode::invalid,
                    fmt::format("regular expression {}: unknown flag \"{}\"; known are i, m, s, x",
                                written, flag));
    }
  return pattern;
}

// A thread's match data, reused: a match then allocates nothing. Room for the match and one group.
pcre2_match_data* match_data() {
  struct Holder {
    pcre2_match_data* data = pcre2_match_data_create(2, nullptr);
    Holder() = default;
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { pcre2_match_data_free(data); }
  };
  thread_local const Holder holder;
  return holder.data;
}

// PCRE2 wants a pointer even for nothing.
PCRE2_SPTR bytes_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

}  // namespace

Regex::Regex() = default;
Regex::~Regex() = default;
Regex::Regex(const Regex&) = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(const Regex&) = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Result<Regex> Regex::compile(std::string_view written) {
  constexpr Limits limits;
  if (written.size() > limits.pattern_bytes_max)
    return fail(ErrorCode::invalid, "the regular expression is longer than 64 KiB");
  const Pattern pattern = TRY(take_apart(written));
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->code = pcre2_compile(bytes_of(pattern.text), pattern.text.size(), pattern.options, &error,
                             &offset, nullptr);
  if (code->code == nullptr) {
    std::array<PCRE2_UCHAR, 200> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return fail(ErrorCode::invalid,
                fmt::format("regular expression {}, column {}: {}", written, offset + 1,
                            reinterpret_cast<const char*>(text.data())));
  }
  // Without the just-in-time compiler it matches all the same, more slowly.
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
  code->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(code->context, limits.steps_max);
  std::uint32_t groups = 0;
  pcre2_pattern_info(code->code, PCRE2_INFO_CAPTURECOUNT, &groups);
  code->has_group = groups > 0;
  Regex regex;
  regex.source_ = written;
  regex.code_ = std::move(code);
  return regex;
}

Result<std::optional<std::string_view>> Regex::capture(std::string_view text) const {
  if (code_ == nullptr) return std::nullopt;
  pcre2_match_data* data = match_data();
  const int matched =
      pcre2_match(code_->code, bytes_of(text), text.size(), 0, 0, data, code_->context);
  if (matched == PCRE2_ERROR_NOMATCH) return std::nullopt;
  // 0: more groups than there is room for; the first two are filled all the same.
  if (matched < 0)
    return fail(
        ErrorCode::too_large,
        fmt::format("the regular expression {} takes too many steps on this body", source_));
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data);
  const std::size_t at = code_->has_group ? 2 : 0;
  if (bounds[at] == PCRE2_UNSET) return std::nullopt;
  // \K can set the start beyond the end.
  if (bounds[at] > bounds[at + 1]) return std::nullopt;
  return text.substr(bounds[at], bounds[at + 1] - bounds[at]);
}

Result<bool> Regex::matches(std::string_view text) const {
  if (code_ == nullptr) return false;
  const int matched =
      pcre2_match(code_->code, bytes_of(text), text.size(), 0, 0, match_data(), code_->context);
  if (matched >= 0) return true;
  if (matched == PCRE2_ERROR_NOMATCH) return false;
  return fail(ErrorCode::too_large,
              fmt::format("the regular expression {} takes too many steps on this body", source_));
}

}  // namespace brunt
