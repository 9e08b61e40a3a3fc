// Small text helpers that the standard library lacks.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brunt {

std::string_view trim(std::string_view text);  // Spaces, tabs, CR and LF at both ends.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string to_lower(std::string_view text);                       // ASCII only.
bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII only.

// The candidate that is most like `word`, or "" if none is close enough to be a slip of the
// keyboard. Damerau-Levenshtein distance of at most a third of the word's length (at least 1, at
// most 3).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// `; did you mean "vus"?`, or "" where nothing is near. For the end of an error text.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace brunt
