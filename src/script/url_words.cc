#include "script/url_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_of_scheme(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// Up to its colon; "" where there is none.
std::string_view scheme_of(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  const auto end = std::ranges::find_if_not(text, is_of_scheme);
  if (end == text.end() || *end != ':') return {};
  return {text.begin(), end};
}

std::string_view authority_of(std::string_view text) {
  const auto begin = text.find("://");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + 3);
  return text.substr(0, text.find_first_of("/?#"));
}

// "": nothing that Go would say.
std::string trouble_of_host(std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  for (const char c : authority)
    if (c == ' ' || c == '<' || c == '>' || c == '"' || c == '\\' || c == '^' || c == '`')
      return fmt::format("invalid character \"{}\" in host name",
                         c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c));
  if (authority.starts_with('[')) return {};
  const auto colon = authority.find(':');
  if (colon == std::string_view::npos || parse_integer(authority.substr(colon + 1))) return {};
  return fmt::format("invalid port \"{}\" after host", authority.substr(colon));
}

}  // namespace

UrlTrouble trouble_of_url(std::string_view text, std::string_view otherwise) {
  const auto unreadable = [text](std::string_view why) {
    return UrlTrouble{.text = fmt::format("invalid URL: parse \"{}\": {}", text, why)};
  };
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; };
  if (std::ranges::any_of(text, is_control))
    return unreadable("net/url: invalid control character in URL");
  if (text.starts_with(':')) return unreadable("missing protocol scheme");
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty() && text.substr(0, text.find('/')).contains(':'))
    return unreadable("first path segment in URL cannot contain colon");
  const std::string known = to_lower(scheme);
  if (known != "http" && known != "https" && known != "http+unix")
    return {.code = 1000, .text = fmt::format("unsupported protocol scheme \"{}\"", known)};
  const std::string_view authority = authority_of(text);
  if (authority.empty()) return {.code = 1000, .text = "http: no Host in request URL"};
  const std::string host = trouble_of_host(authority);
  return unreadable(host.empty() ? otherwise : host);
}

std::string without_secrets(std::string_view url) {
  const std::string_view authority = authority_of(url);
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const auto begin = static_cast<std::size_t>(authority.data() - url.data());
  const bool has_password = authority.substr(0, at).contains(':');
  return fmt::format("{}{}{}", url.substr(0, begin), has_password ? "****:****" : "****",
                     url.substr(begin + at));
}

}  // namespace brunt
