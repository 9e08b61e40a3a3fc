// Where a text stops being JSON, and why, in the words that k6 throws.
//
//   throw_error(context, trouble_of_json(body));
//     // "cannot parse json due to an error at line 3, character 7 , error: invalid character ..."
//
// For this layer only. Source: RFC 8259; Go's encoding/json, by its error texts.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

// REQUIRES: `text` is no JSON; "" where it is.
std::string trouble_of_json(std::string_view text);
// In the words of JSON.parse(), which k6 reads with another of Go's readers; "" where the text is
// JSON.
std::string syntax_error_of_json(std::string_view text);

}  // namespace brunt
