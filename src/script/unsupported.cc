#include "script/unsupported.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "script/builtin_modules.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 0> none = {};
constexpr std::array<std::string_view, 4> missing_http = {"CookieJar", "expectedStatuses", "file",
                                                          "setResponseCallback"};
constexpr std::array<std::string_view, 1> missing_execution = {"instance"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

// The source with the insides of comments and texts as blanks, lines kept.
std::string code_only(std::string_view source) {
  std::string code(source);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to && i < code.size(); ++i)
      if (code[i] != '\n') code[i] = ' ';
  };
  for (std::size_t i = 0; i < source.size(); ++i) {
    const std::string_view rest = source.substr(i);
    if (rest.starts_with("//") || rest.starts_with("/*")) {
      const bool is_line = rest[1] == '/';
      const std::size_t end = source.find(is_line ? "\n" : "*/", i + 2);
      const std::size_t to =
          end == std::string_view::npos ? source.size() : end + (is_line ? 0 : 2);
      blank(i, to);
      i = to - 1;
    } else if (rest[0] == '"' || rest[0] == '\'' || rest[0] == '`') {
      std::size_t end = i + 1;
      while (end < source.size() && source[end] != rest[0] &&
             (rest[0] == '`' || source[end] != '\n'))
        end += source[end] == '\\' ? 2U : 1U;
      blank(i + 1, end);
      i = end;
    }
  }
  return code;
}

std::size_t line_of(std::string_view source, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::ranges::count(source.substr(0, std::min(at, source.size())), '\n'));
}

// The word `word` in `code` from `at` on; npos where it is none.
std::size_t find_word(std::string_view code, std::string_view word, std::size_t at) {
  for (at = code.find(word, at); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const bool begins = at == 0 || (!is_word(code[at - 1]) && code[at - 1] != '.');
    const std::size_t end = at + word.size();
    if (begins && (end == code.size() || !is_word(code[end]))) return at;
  }
  return std::string_view::npos;
}

std::string_view word_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_word(text[size])) ++size;
  return text.substr(0, size);
}

std::string why_not(std::string_view module) {
  if (module.starts_with("k6/browser") || module == "k6/experimental/browser")
    return "browsers are not driven: brunt makes load with protocols";
  if (module.starts_with("k6/x/")) return "extensions of k6 are written in Go";
  return "not supported yet";
}

class Reader {
 public:
  Reader(std::string_view name, std::string_view source)
      : name_(name), source_(source), code_(code_only(source)) {}

  Result<> read() {
    for (std::size_t at = find_word(code_, "import", 0); at != std::string_view::npos;
         at = find_word(code_, "import", at + 6)) {
      const std::size_t quote = code_.find_first_of("'\"", at);
      const std::size_t over = code_.find_first_of(";(", at);
      if (quote == std::string_view::npos || over < quote) continue;
      const std::size_t end = code_.find(code_[quote], quote + 1);
      if (end == std::string_view::npos) continue;
      TRY(read_import(std::string_view(code_).substr(at + 6, quote - at - 6),
                      source_.substr(quote + 1, end - quote - 1), at));
    }
    return {};
  }

 private:
  std::unexpected<Error> refuse(std::size_t at, std::string_view text) const {
    return fail(ErrorCode::unsupported, fmt::format("{}:{}: {}", name_, line_of(code_, at), text));
  }

  Result<> read_import(std::string_view clause, std::string_view module, std::size_t at) {
    if (module != "k6" && !module.starts_with("k6/")) return {};
    if (!is_builtin_module(module))
      return refuse(at, fmt::format("module {}: {}", module, why_not(module)));
    const auto missing = missing_members(module);
    if (const auto open = clause.find('{'); open != std::string_view::npos)
      for (const std::string_view part : split(clause.substr(open + 1), ',')) {
        const std::string_view member = word_at(trim(part));
        if (std::ranges::find(missing, member) != missing.end())
          return refuse(at, fmt::format("{} of {}: not supported yet", member, module));
      }
    std::string_view whole = trim(clause);
    if (whole.starts_with("*")) whole = trim(trim(whole.substr(1)).substr(2));
    return read_uses(word_at(whole), module, missing);
  }

  // `local.member`, where `local` is the module.
  Result<> read_uses(std::string_view local, std::string_view module,
                     std::span<const std::string_view> missing) const {
    if (local.empty()) return {};
    for (std::size_t at = find_word(code_, local, 0); at != std::string_view::npos;
         at = find_word(code_, local, at + 1)) {
      std::string_view rest = trim(std::string_view(code_).substr(at + local.size(), 100));
      if (!rest.starts_with('.')) continue;
      const std::string_view member = word_at(trim(rest.substr(1)));
      if (std::ranges::find(missing, member) != missing.end())
        return refuse(at, fmt::format("{}.{} of {}: not supported yet", local, member, module));
      if (module == "k6/execution" && member == "test") TRY(read_test(rest, at));
    }
    return {};
  }

  Result<> read_test(std::string_view rest, std::size_t at) const {
    for (const char* member : {"abort", "fail"})
      if (rest.contains(fmt::format("test.{}", member)))
        return refuse(at, fmt::format("test.{} of k6/execution: not supported yet", member));
    return {};
  }

  std::string_view name_, source_;
  std::string code_;
};

}  // namespace

std::span<const std::string_view> missing_members(std::string_view module) {
  if (module == "k6/http") return missing_http;
  if (module == "k6/execution") return missing_execution;
  return none;
}

Result<> check_supported(std::string_view name, std::string_view source) {
  return Reader(name, source).read();
}

}  // namespace brunt
