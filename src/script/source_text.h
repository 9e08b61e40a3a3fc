// A script's source looked at as text, before it is compiled.
//
// For this layer only. It reads words, not syntax trees.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace brunt {

// The source with the insides of comments and texts as blanks; lines and places are kept.
std::string code_only(std::string_view source);

// The whole word `word` in `code` from `at` on, not as a member (`x.word`); npos where it is none.
std::size_t find_word(std::string_view code, std::string_view word, std::size_t at);

// The line of a place, from 1.
std::size_t line_of(std::string_view source, std::size_t at);

struct SourceImport {
  std::size_t at;     // Of the word `import`.
  std::size_t quote;  // Of its specifier's first quote.
  std::string_view specifier;
};

// The next import with a specifier that is a text; nullopt: there is none from `at` on. `code`:
// code_only() of the source.
std::optional<SourceImport> next_import(std::string_view source, std::string_view code,
                                        std::size_t at);

// The name at the beginning; "" where it begins with something else.
std::string_view word_at(std::string_view text);

// Whether it is a CommonJS module: it says require() or module.exports and neither import nor
// export.
bool is_commonjs(std::string_view source);

// Whether it names a module of the network. Only archives have them: elsewhere reading it fails
// with what to do.
bool is_remote(std::string_view specifier);

}  // namespace brunt
