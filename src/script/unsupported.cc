#include "script/unsupported.h"

#include <fmt/format.h>

#include "base/text.h"
#include "script/builtin_modules.h"
#include "script/source_text.h"

namespace brunt {
namespace {

std::string why_not(std::string_view module) {
  if (module.starts_with("k6/browser") || module == "k6/experimental/browser")
    return "browsers are not driven: brunt makes load with protocols";
  if (module.starts_with("k6/x/")) return "extensions of k6 are written in Go";
  if (module.starts_with("brunt/")) return "there is brunt/data only";
  return "not supported yet";
}

class Reader {
 public:
  Reader(std::string_view name, std::string_view source)
      : name_(name), source_(source), code_(code_only(source)) {}

  Result<> read() {
    for (auto one = next_import(source_, code_, 0); one;
         one = next_import(source_, code_, one->at + 6))
      TRY(read_import(one->specifier, one->at));
    return read_requires();
  }

 private:
  Result<> read_requires() {
    for (std::size_t at = find_word(code_, "require", 0); at != std::string_view::npos;
         at = find_word(code_, "require", at + 7)) {
      const std::size_t quote = code_.find_first_of("'\"", at);
      if (quote == std::string_view::npos ||
          trim(std::string_view(code_).substr(at + 7, quote - at - 7)) != "(")
        continue;
      const std::size_t end = code_.find(code_[quote], quote + 1);
      if (end == std::string_view::npos) continue;
      TRY(read_import(source_.substr(quote + 1, end - quote - 1), at));
    }
    return {};
  }

  std::unexpected<Error> refuse(std::size_t at, std::string_view text) const {
    return fail(ErrorCode::unsupported, fmt::format("{}:{}: {}", name_, line_of(code_, at), text));
  }

  Result<> read_import(std::string_view module, std::size_t at) const {
    const bool is_module =
        module == "k6" || module.starts_with("k6/") || module.starts_with("brunt/");
    if (!is_module || is_builtin_module(module)) return {};
    return refuse(at, fmt::format("module {}: {}", module, why_not(module)));
  }

  std::string_view name_, source_;
  std::string code_;
};

}  // namespace

Result<> check_supported(std::string_view name, std::string_view source) {
  return Reader(name, source).read();
}

std::optional<std::size_t> line_that_imports(
    std::string_view source, std::string_view wanted,
    const std::function<bool(std::string_view specifier)>& is_it) {
  const std::string code = code_only(source);
  for (auto one = next_import(source, code, 0); one; one = next_import(source, code, one->at + 6)) {
    const std::size_t word = find_word(code, wanted, one->at + 6);
    if (word < one->quote && is_it(one->specifier)) return line_of(code, word);
  }
  return std::nullopt;
}

}  // namespace brunt
