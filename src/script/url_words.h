// What is wrong with a URL of a script, in the words of Go that k6's users look for.
//
//   if (auto url = parse_url(text); !url) exchange.trouble = trouble_of_url(text);
//
// For this layer only. Source: Go's net/url and net/http, by their error texts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace brunt {

struct UrlTrouble {
  std::uint16_t code = 1020;  // 1020: it cannot be read; 1000: nobody speaks its protocol.
  std::string text;
};

// REQUIRES: parse_url() does not take `text`; `otherwise` says why, where Go has no words for it.
UrlTrouble trouble_of_url(std::string_view text, std::string_view otherwise);

// With user and password as asterisks.
std::string without_secrets(std::string_view url);

}  // namespace brunt
