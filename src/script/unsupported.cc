#include "script/unsupported.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "script/builtin_modules.h"
#include "script/source_text.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 0> none = {};
constexpr std::array<std::string_view, 4> missing_http = {"CookieJar", "expectedStatuses", "file",
                                                          "setResponseCallback"};

std::size_t line_of(std::string_view source, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::ranges::count(source.substr(0, std::min(at, source.size())), '\n'));
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
    return read_requires();
  }

 private:
  // const name = require("module"), const { member } = require("module")
  Result<> read_requires() {
    for (std::size_t at = find_word(code_, "require", 0); at != std::string_view::npos;
         at = find_word(code_, "require", at + 7)) {
      const std::size_t quote = code_.find_first_of("'\"", at);
      if (quote == std::string_view::npos ||
          trim(std::string_view(code_).substr(at + 7, quote - at - 7)) != "(")
        continue;
      const std::size_t end = code_.find(code_[quote], quote + 1);
      if (end == std::string_view::npos) continue;
      const std::size_t from = std::max(code_.rfind(';', at) + 1, code_.rfind('\n', at) + 1);
      std::string_view clause = trim(std::string_view(code_).substr(from, at - from));
      for (const std::string_view word : {"const", "let", "var"})
        if (clause.starts_with(word)) clause = trim(clause.substr(word.size()));
      TRY(read_import(clause, source_.substr(quote + 1, end - quote - 1), at));
    }
    return {};
  }

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
    }
    return {};
  }

  std::string_view name_, source_;
  std::string code_;
};

}  // namespace

std::span<const std::string_view> missing_members(std::string_view module) {
  if (module == "k6/http") return missing_http;
  return none;
}

Result<> check_supported(std::string_view name, std::string_view source) {
  return Reader(name, source).read();
}

}  // namespace brunt
