// Cookies as a user agent keeps them: Set-Cookie read, a jar, and the Cookie field for a request.
//
// A jar belongs to one virtual user. It reads no clock: the time is passed in. It is bounded as RFC
// 6265 asks at the least; beyond that the oldest goes. There is no list of public suffixes here: a
// test client is not led to strangers, so "Domain=com" is refused only for having no dot.
//
//   jar.store(url, "id=7; Path=/", now);
//   jar.append_cookie_field(out, url, now);          // "id=7"
//
// Source: RFC 6265, sections 4.1, 5.1 to 5.4.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"

namespace brunt {

// One Set-Cookie line as it was sent, before a jar judges it.
struct SetCookie {
  std::string name, value;
  std::optional<std::string> domain;      // Lower case, without a leading dot.
  std::optional<std::string> path;        // Only if it begins with '/'.
  std::optional<WallTime> expires;        // Absent when it cannot be read.
  std::optional<std::int64_t> max_age_s;  // Beats `expires`.
  std::string same_site;                  // As sent; not enforced: there are no sites here.
  bool secure = false;
  bool http_only = false;
};

// Errors: malformed: no name, or control characters in it.
Result<SetCookie> parse_set_cookie(std::string_view line);

struct Cookie {
  std::string name, value;
  std::string domain;  // Lower case.
  std::string path;
  std::optional<WallTime> expires;  // Absent: until the jar is cleared.
  std::uint64_t order = 0;          // Of creation: of equal paths the older goes first.
  bool host_only = true;
  bool secure = false;
  bool http_only = false;
};

class CookieJar {
 public:
  struct Limits {
    std::uint32_t cookies_max = 512;        // RFC 6265, 6.1: 50 a domain, 3,000 in all.
    std::uint32_t cookies_domain_max = 64;  // The oldest of the domain goes.
    std::uint32_t cookie_bytes_max = 4096;  // Name and value; a larger one is refused.
  };

  CookieJar() = default;
  explicit CookieJar(Limits limits) : limits_(limits) {}

  // Takes what `url` answered with. One that expires in the past deletes. Errors: malformed,
  // denied (a foreign domain, Secure over http), too_large: the caller may count or ignore them.
  Result<> store(const Url& url, std::string_view set_cookie_line, WallTime now);
  // The same from its parts: a script's jar.set().
  Result<> store(const Url& url, const SetCookie& cookie, WallTime now);

  // Appends `a=1; b=2`, in RFC 6265's order; nothing if no cookie fits. No allocation beyond `out`
  // once warm. True if it appended.
  bool append_cookie_field(std::string& out, const Url& url, WallTime now);

  // The cookies that a request to `url` would carry, in order.
  std::vector<Cookie> matching(const Url& url, WallTime now) const;

  void clear();                                        // k6: at the start of an iteration.
  void clear(const Url& url);                          // Those that fit `url`.
  void remove(const Url& url, std::string_view name);  // The one of that name that fits `url`.
  bool empty() const { return cookies_.empty(); }
  std::size_t size() const { return cookies_.size(); }

 private:
  void make_room(std::string_view domain, WallTime now);

  Limits limits_;
  std::vector<Cookie> cookies_;
  std::vector<std::uint32_t> found_;  // Scratch of append_cookie_field().
  std::uint64_t order_next_ = 0;
};

// RFC 6265, 5.1.3 and 5.1.4. Both hosts in lower case.
bool domain_matches(std::string_view host, std::string_view domain);
bool path_matches(std::string_view request_path, std::string_view cookie_path);

}  // namespace brunt
