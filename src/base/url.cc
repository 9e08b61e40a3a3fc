#include "base/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// What may stand in a path or query as it is (RFC 3986, sections 3.3 and 3.4), '%' included: it is
// encoded already.
bool target_character(char c) {
  return unreserved(c) || std::string_view("!$&'()*+,;=:@/?%[]|{}").contains(c);
}

void append_escape(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += hex[byte >> 4U];
  out += hex[byte & 15U];
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
}

std::string clean_target(std::string_view text) {
  text = text.substr(0, text.find('#'));
  std::string out;
  if (text.empty() || text.front() != '/') out += '/';
  for (const char c : text)
    if (target_character(c))
      out += c;
    else
      append_escape(out, c);
  return out;
}

Result<> read_authority(std::string_view authority, std::string_view whole, Url& url) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a URL: {}", whole, why));
  };
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto user = authority.substr(0, at);
    const auto colon = user.find(':');
    url.user = percent_decode(user.substr(0, colon));
    if (colon != std::string_view::npos) url.password = percent_decode(user.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos)
      return bad("the bracket of the IPv6 address is not closed");
    url.host = to_lower(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return bad("after ']' only a port may follow");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const auto colon = authority.find(':');
    url.host = url.scheme == "http+unix" ? percent_decode(authority)
                                         : to_lower(authority.substr(0, colon));
    if (colon != std::string_view::npos && url.scheme != "http+unix")
      port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return bad("the host is missing");
  const bool strange = std::ranges::any_of(url.host, [](char c) { return c <= ' ' || c == 0x7F; });
  if (strange) return bad("the host holds a blank or control character");
  url.port = default_port(url.scheme);
  if (!port.empty()) {
    const auto number = parse_integer(port);
    if (!number || *number < 1 || *number > 65535)
      return bad(fmt::format("\"{}\" is no port (1 to 65535)", port));
    url.port = static_cast<std::uint16_t>(*number);
  }
  return {};
}

// RFC 3986, section 5.2.4.
std::string remove_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto parts = split(path, '/');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == ".." && !kept.empty()) kept.pop_back();
    if (parts[i] != "." && parts[i] != "..")
      kept.push_back(parts[i]);
    else if (last)
      kept.emplace_back("");
  }
  std::string out;
  for (const auto part : kept) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

}  // namespace

std::string Url::authority() const {
  if (scheme == "http+unix") return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == default_port(scheme) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::text() const {
  if (scheme == "http+unix") return "http+unix://" + percent_encode(host) + target;
  return scheme + "://" + authority() + target;
}

std::string_view Url::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

Result<Url> parse_url(std::string_view text) {
  text = trim(text);
  const auto separator = text.find("://");
  if (separator == std::string_view::npos)
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" has no scheme: write http://{}", text, text));
  Url url;
  url.scheme = to_lower(text.substr(0, separator));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "http+unix")
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\": scheme \"{}\" is not supported (http, https, http+unix)", text,
                            url.scheme));
  const auto rest = text.substr(separator + 3);
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  TRY(read_authority(rest.substr(0, end), text, url));
  url.target = clean_target(rest.substr(end));
  return url;
}

std::string PeerAddress::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<PeerAddress> parse_peer_address(std::string_view text) {
  text = trim(text);
  Url url;
  std::string_view rest = text;
  if (const auto separator = text.find("://"); separator != std::string_view::npos) {
    url.scheme = to_lower(text.substr(0, separator));
    rest = text.substr(separator + 3);
  }
  if (auto read = read_authority(rest.substr(0, rest.find_first_of("/?#")), text, url); !read)
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is no host and port: write localhost:14000", text));
  if (url.port == 0)
    return fail(ErrorCode::invalid, fmt::format("\"{}\" has no port: write localhost:14000", text));
  return PeerAddress{.host = std::move(url.host), .port = url.port};
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  reference = trim(reference);
  if (std::ranges::any_of(reference, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }))
    return fail(ErrorCode::invalid, "it holds a control character");
  const auto colon = reference.find("://");
  if (colon != std::string_view::npos && reference.find_first_of("/?#") > colon)
    return parse_url(reference);
  if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
  Url url = base;
  url.user.clear();
  url.password.clear();
  if (reference.empty()) return url;
  std::string target;
  if (reference.front() == '/') {
    target = reference;
  } else if (reference.front() == '?') {
    target = std::string(base.path()) + std::string(reference);
  } else {
    const auto path = base.path();
    target = std::string(path.substr(0, path.rfind('/') + 1)) + std::string(reference);
  }
  target = clean_target(target);
  const auto query = target.find('?');
  url.target = remove_dots(std::string_view(target).substr(0, query));
  if (query != std::string::npos) url.target += target.substr(query);
  return url;
}

std::string url_shape(std::string_view url) {
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  if (path == std::string_view::npos) return std::string(url);
  std::string shape(url.substr(0, path));
  const std::string_view rest = url.substr(path, url.substr(path).find_first_of("?#"));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_hex = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  constexpr std::size_t hex_id_min = 8;
  const auto run_of = [&](std::size_t from, const auto& belongs) {
    std::size_t end = from;
    while (end < rest.size() && belongs(rest[end])) ++end;
    return rest.substr(from, end - from);
  };
  for (std::size_t i = 0; i < rest.size();) {
    std::string_view id = run_of(i, is_hex);
    if (id.size() < hex_id_min || !std::ranges::any_of(id, is_digit)) id = run_of(i, is_digit);
    shape += id.empty() ? rest[i] : '*';
    i += std::max<std::size_t>(id.size(), 1);
  }
  return shape;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (unreserved(c))
      out += c;
    else
      append_escape(out, c);
  return out;
}

std::string percent_decode(std::string_view text) {
  return decode(text, false);
}

std::string form_encode(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == ' ')
      out += '+';
    else if (unreserved(c) && c != '~')
      out += c;
    else
      append_escape(out, c);
  return out;
}

std::string form_decode(std::string_view text) {
  return decode(text, true);
}

}  // namespace brunt
