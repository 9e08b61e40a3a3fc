#include "script/source_text.h"

#include <algorithm>

namespace brunt {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

// `import` or `export` as a statement: not `import(...)`, nor a property's name.
bool has_statement(std::string_view code, std::string_view word) {
  for (std::size_t at = find_word(code, word, 0); at != std::string_view::npos;
       at = find_word(code, word, at + word.size())) {
    const std::size_t next = code.find_first_not_of(" \t\r\n", at + word.size());
    if (next == std::string_view::npos || (code[next] != '(' && code[next] != ':')) return true;
  }
  return false;
}

}  // namespace

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

bool is_commonjs(std::string_view source) {
  const std::string code = code_only(source);
  if (has_statement(code, "import") || has_statement(code, "export")) return false;
  return find_word(code, "require", 0) != std::string::npos ||
         find_word(code, "module", 0) != std::string::npos ||
         find_word(code, "exports", 0) != std::string::npos;
}

bool is_remote(std::string_view specifier) {
  return specifier.starts_with("https://") || specifier.starts_with("http://");
}

std::size_t line_of(std::string_view source, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::ranges::count(source.substr(0, std::min(at, source.size())), '\n'));
}

std::optional<SourceImport> next_import(std::string_view source, std::string_view code,
                                        std::size_t at) {
  for (at = find_word(code, "import", at); at != std::string_view::npos;
       at = find_word(code, "import", at + 6)) {
    const std::size_t quote = code.find_first_of("'\"", at);
    const std::size_t over = code.find_first_of(";(", at);
    if (quote == std::string_view::npos || over < quote) continue;
    const std::size_t end = code.find(code[quote], quote + 1);
    if (end == std::string_view::npos) continue;
    return SourceImport{at, quote, source.substr(quote + 1, end - quote - 1)};
  }
  return std::nullopt;
}

}  // namespace brunt
