#include "wire/cookie.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "wire/http1_characters.h"
#include "wire/http_date.h"

namespace brunt {
namespace {

constexpr std::int64_t ns_each_second = 1'000'000'000;

bool is_address(std::string_view host) {
  if (host.find(':') != std::string_view::npos || host.starts_with('/')) return true;
  return !host.empty() &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// RFC 6265, 5.1.4.
std::string_view default_path(std::string_view request_path) {
  const auto slash = request_path.rfind('/');
  if (request_path.empty() || request_path.front() != '/' || slash == 0) return "/";
  return request_path.substr(0, slash);
}

// "-5", "120"; anything else does not count as a Max-Age. An overflow is as good as for ever.
std::optional<std::int64_t> read_max_age(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool numeric =
      !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!numeric) return std::nullopt;
  std::int64_t number = 0;
  const auto outcome = std::from_chars(text.data(), text.data() + text.size(), number);
  if (outcome.ec == std::errc()) return number;
  return text.front() == '-' ? INT64_MIN : INT64_MAX;
}

void read_attribute(std::string_view name, std::string_view value, SetCookie& cookie) {
  if (equal_ignoring_case(name, "expires")) {
    if (auto date = parse_http_date(value)) cookie.expires = *date;
  } else if (equal_ignoring_case(name, "max-age")) {
    if (const auto age = read_max_age(value)) cookie.max_age_s = age;
  } else if (equal_ignoring_case(name, "domain")) {
    if (value.starts_with('.')) value.remove_prefix(1);
    if (!value.empty()) cookie.domain = to_lower(value);
  } else if (equal_ignoring_case(name, "path")) {
    cookie.path = value.starts_with('/') ? std::optional<std::string>(value) : std::nullopt;
  } else if (equal_ignoring_case(name, "secure")) {
    cookie.secure = true;
  } else if (equal_ignoring_case(name, "httponly")) {
    cookie.http_only = true;
  } else if (equal_ignoring_case(name, "samesite")) {
    cookie.same_site = value;
  }
}

// When it expires, if ever: Max-Age counts before Expires.
std::optional<WallTime> expiry_of(const SetCookie& cookie, WallTime now) {
  if (!cookie.max_age_s) return cookie.expires;
  if (*cookie.max_age_s <= 0) return WallTime{INT64_MIN};
  const std::int64_t left_s = (INT64_MAX - std::max<std::int64_t>(now.unix_ns, 0)) / ns_each_second;
  if (*cookie.max_age_s >= left_s) return std::nullopt;
  return WallTime{now.unix_ns + *cookie.max_age_s * ns_each_second};
}

bool expired(const Cookie& cookie, WallTime now) {
  return cookie.expires && cookie.expires->unix_ns <= now.unix_ns;
}

// Loopback counts as secure, as it does in browsers: tests of https sites run there over http.
bool secure_enough(const Url& url) {
  return url.secure() || url.scheme == "http+unix" || url.host == "localhost" ||
         url.host == "::1" || url.host.starts_with("127.");
}

bool fits(const Cookie& cookie, const Url& url, WallTime now) {
  if (expired(cookie, now)) return false;
  if (cookie.secure && !secure_enough(url)) return false;
  const bool host =
      cookie.host_only ? url.host == cookie.domain : domain_matches(url.host, cookie.domain);
  return host && path_matches(url.path(), cookie.path);
}

// RFC 6265, 5.4: longer paths first, then the older.
bool goes_before(const Cookie& a, const Cookie& b) {
  return std::tuple(b.path.size(), a.order) < std::tuple(a.path.size(), b.order);
}

}  // namespace

Result<SetCookie> parse_set_cookie(std::string_view line) {
  if (find_control(line.data(), line.data() + line.size()) != line.data() + line.size())
    return fail(ErrorCode::malformed, "a cookie with a control character");
  const auto semicolon = line.find(';');
  const std::string_view pair = line.substr(0, semicolon);
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos) return fail(ErrorCode::malformed, "a cookie without '='");
  SetCookie cookie;
  cookie.name = trim(pair.substr(0, equals));
  cookie.value = trim(pair.substr(equals + 1));
  if (cookie.name.empty()) return fail(ErrorCode::malformed, "a cookie without a name");
  std::string_view rest =
      semicolon == std::string_view::npos ? std::string_view() : line.substr(semicolon + 1);
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view attribute = rest.substr(0, end);
    const auto sign = attribute.find('=');
    const std::string_view value =
        sign == std::string_view::npos ? std::string_view() : attribute.substr(sign + 1);
    read_attribute(trim(attribute.substr(0, sign)), trim(value), cookie);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return cookie;
}

bool domain_matches(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.' && !is_address(host);
}

bool path_matches(std::string_view request_path, std::string_view cookie_path) {
  if (!request_path.starts_with(cookie_path)) return false;
  return request_path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         request_path[cookie_path.size()] == '/';
}

Result<> CookieJar::store(const Url& url, std::string_view set_cookie_line, WallTime now) {
  return store(url, TRY(parse_set_cookie(set_cookie_line)), now);
}

Result<> CookieJar::store(const Url& url, const SetCookie& cookie, WallTime now) {
  if (cookie.name.size() + cookie.value.size() > limits_.cookie_bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("cookie {} is larger than {} bytes", cookie.name.substr(0, 64),
                            limits_.cookie_bytes_max));
  if (cookie.secure && !secure_enough(url))
    return fail(ErrorCode::denied,
                fmt::format("cookie {} is Secure, the page is not", cookie.name));
  Cookie kept{.name = cookie.name,
              .value = cookie.value,
              .domain = url.host,
              .path = cookie.path.value_or(std::string(default_path(url.path()))),
              .expires = expiry_of(cookie, now),
              .secure = cookie.secure,
              .http_only = cookie.http_only};
  if (cookie.domain && *cookie.domain != url.host) {
    const bool top = cookie.domain->find('.') == std::string::npos;
    if (top || !domain_matches(url.host, *cookie.domain))
      return fail(ErrorCode::denied, fmt::format("cookie {} is for {}, the page is {}", cookie.name,
                                                 *cookie.domain, url.host));
    kept.domain = *cookie.domain;
  }
  // With a Domain attribute the hosts below it get the cookie too; an address has none.
  kept.host_only = !cookie.domain || is_address(url.host);

  const auto same = std::ranges::find_if(cookies_, [&](const Cookie& other) {
    return other.name == kept.name && other.domain == kept.domain && other.path == kept.path;
  });
  const bool delete_it = expired(kept, now);
  if (same != cookies_.end()) {
    if (delete_it) {
      cookies_.erase(same);
      return {};
    }
    kept.order = same->order;  // RFC 6265, 5.3, 11.3: it keeps its age.
    *same = std::move(kept);
    return {};
  }
  if (delete_it) return {};
  make_room(kept.domain, now);
  kept.order = order_next_++;
  cookies_.push_back(std::move(kept));
  return {};
}

void CookieJar::make_room(std::string_view domain, WallTime now) {
  if (cookies_.size() < std::min(limits_.cookies_max, limits_.cookies_domain_max)) return;
  std::erase_if(cookies_, [&](const Cookie& cookie) { return expired(cookie, now); });
  const auto of_domain = [&](const Cookie& cookie) { return cookie.domain == domain; };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(cookies_, of_domain));
  // They stand in the order of their creation: the first is the oldest.
  if (count >= limits_.cookies_domain_max)
    cookies_.erase(std::ranges::find_if(cookies_, of_domain));
  else if (cookies_.size() >= limits_.cookies_max)
    cookies_.erase(cookies_.begin());
}

bool CookieJar::append_cookie_field(std::string& out, const Url& url, WallTime now) {
  found_.clear();
  for (std::uint32_t i = 0; i < cookies_.size(); ++i)
    if (fits(cookies_[i], url, now)) found_.push_back(i);
  std::ranges::sort(found_, [&](std::uint32_t a, std::uint32_t b) {
    return goes_before(cookies_[a], cookies_[b]);
  });
  for (std::size_t i = 0; i < found_.size(); ++i) {
    if (i > 0) out += "; ";
    out.append(cookies_[found_[i]].name).append("=").append(cookies_[found_[i]].value);
  }
  return !found_.empty();
}

std::vector<Cookie> CookieJar::matching(const Url& url, WallTime now) const {
  std::vector<Cookie> result;
  std::ranges::copy_if(cookies_, std::back_inserter(result),
                       [&](const Cookie& cookie) { return fits(cookie, url, now); });
  std::ranges::sort(result, goes_before);
  return result;
}

void CookieJar::clear() {
  cookies_.clear();
}

void CookieJar::clear(const Url& url) {
  std::erase_if(cookies_,
                [&](const Cookie& cookie) { return fits(cookie, url, WallTime{INT64_MIN}); });
}

void CookieJar::remove(const Url& url, std::string_view name) {
  std::erase_if(cookies_, [&](const Cookie& cookie) {
    return cookie.name == name && fits(cookie, url, WallTime{INT64_MIN});
  });
}

}  // namespace brunt
