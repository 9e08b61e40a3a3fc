#include "wire/cookie.h"

#include <doctest/doctest.h>

#include "wire/http_date.h"

using namespace brunt;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr WallTime now{1'000'000 * second};

WallTime later(std::int64_t seconds) {
  return {now.unix_ns + seconds * second};
}

Url url(std::string_view text) {
  return parse_url(text).value();
}

std::string cookies(CookieJar& jar, std::string_view at, WallTime when = now) {
  std::string out;
  jar.append_cookie_field(out, url(at), when);
  return out;
}

}  // namespace

TEST_CASE("a Set-Cookie line is taken apart") {
  const auto cookie = parse_set_cookie(
      " id = a=b ; Path=/x; DOMAIN=.Shop.Test; Max-Age=60; Secure; HttpOnly; SameSite=Lax; "
      "Expires=Wed, 21 Oct 2015 07:28:00 GMT; Unknown=1");
  REQUIRE(cookie);
  CHECK(cookie->name == "id");
  CHECK(cookie->value == "a=b");
  CHECK(cookie->path == "/x");
  CHECK(cookie->domain == "shop.test");
  CHECK(cookie->max_age_s == 60);
  CHECK(cookie->secure);
  CHECK(cookie->http_only);
  CHECK(cookie->same_site == "Lax");
  REQUIRE(cookie->expires);
  CHECK(cookie->expires->unix_ns == 1'445'412'480 * second);
  for (const std::string_view bad : {"", "novalue", "=x", "a=b\x01", "; Path=/"}) {
    CAPTURE(bad);
    CHECK(!parse_set_cookie(bad));
  }
}

TEST_CASE("a cookie goes back to its host and path only") {
  CookieJar jar;
  REQUIRE(jar.store(url("http://shop.test/cart/add"), "a=1", now));
  CHECK(cookies(jar, "http://shop.test/cart/add") == "a=1");
  CHECK(cookies(jar, "http://shop.test/cart") == "a=1");
  CHECK(cookies(jar, "http://shop.test/cart/x?y=/") == "a=1");
  CHECK(cookies(jar, "http://shop.test/cartoon") == "");
  CHECK(cookies(jar, "http://shop.test/") == "");
  CHECK(cookies(jar, "http://www.shop.test/cart") == "");
  CHECK(cookies(jar, "http://test/cart") == "");
}

TEST_CASE("with a domain it goes to the hosts below it too") {
  CookieJar jar;
  REQUIRE(jar.store(url("http://www.shop.test/"), "a=1; Domain=shop.test", now));
  CHECK(cookies(jar, "http://shop.test/") == "a=1");
  CHECK(cookies(jar, "http://api.shop.test/") == "a=1");
  CHECK(cookies(jar, "http://myshop.test/") == "");
}

TEST_CASE("a foreign, top-level, or insecure cookie is refused") {
  CookieJar jar;
  const Url page = url("http://www.shop.test/");
  for (const std::string_view line : {"a=1; Domain=other.test", "a=1; Domain=test",
                                      "a=1; Domain=x.www.shop.test", "a=1; Secure"}) {
    CAPTURE(line);
    const auto stored = jar.store(page, line, now);
    REQUIRE(!stored);
    CHECK(stored.error().code == ErrorCode::denied);
  }
  CHECK(!jar.store(url("http://10.0.0.1/"), "a=1; Domain=0.0.1", now));
  CHECK(jar.empty());
}

TEST_CASE("an address has no hosts below it") {
  CookieJar jar;
  REQUIRE(jar.store(url("http://127.0.0.1/"), "a=1; Domain=127.0.0.1", now));
  CHECK(cookies(jar, "http://127.0.0.1/") == "a=1");
  CHECK(!domain_matches("1.127.0.0.1", "127.0.0.1"));
}

TEST_CASE("Secure cookies go over https, and to loopback") {
  CookieJar jar;
  REQUIRE(jar.store(url("https://shop.test/"), "a=1; Secure", now));
  CHECK(cookies(jar, "https://shop.test/") == "a=1");
  CHECK(cookies(jar, "http://shop.test/") == "");
  REQUIRE(jar.store(url("http://localhost/"), "b=1; Secure", now));
  CHECK(cookies(jar, "http://localhost/") == "b=1");
}

TEST_CASE("longer paths go first, then the older") {
  CookieJar jar;
  REQUIRE(jar.store(url("http://x.test/"), "root=1; Path=/", now));
  REQUIRE(jar.store(url("http://x.test/"), "deep=1; Path=/a/b", now));
  REQUIRE(jar.store(url("http://x.test/"), "second=1; Path=/", now));
  REQUIRE(jar.store(url("http://x.test/"), "root=2; Path=/", now));
  CHECK(cookies(jar, "http://x.test/a/b/c") == "deep=1; root=2; second=1");
  CHECK(jar.size() == 3);
}

TEST_CASE("cookies expire, and Max-Age counts before Expires") {
  CookieJar jar;
  const Url page = url("http://x.test/");
  REQUIRE(jar.store(page, "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", now));
  CHECK(cookies(jar, "http://x.test/", later(9)) == "a=1");
  CHECK(cookies(jar, "http://x.test/", later(10)) == "");
  std::string date;
  append_http_date(date, later(5));
  REQUIRE(jar.store(page, "b=1; Expires=" + date, now));
  CHECK(cookies(jar, "http://x.test/", later(4)) == "a=1; b=1");
  CHECK(cookies(jar, "http://x.test/", later(5)) == "a=1");
  REQUIRE(jar.store(page, "c=1; Max-Age=99999999999999999999", now));
  CHECK(cookies(jar, "http://x.test/", later(1'000'000)) == "c=1");
  REQUIRE(jar.store(page, "a=; Max-Age=0", now));
  REQUIRE(jar.store(page, "c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", now));
  CHECK(cookies(jar, "http://x.test/") == "b=1");
}

TEST_CASE("the jar is bounded, and the oldest goes") {
  CookieJar jar({.cookies_max = 4, .cookies_domain_max = 3, .cookie_bytes_max = 10});
  const auto large = jar.store(url("http://a.test/"), "name=1234567", now);
  REQUIRE(!large);
  CHECK(large.error().code == ErrorCode::too_large);
  for (int i = 0; i < 4; ++i)
    REQUIRE(jar.store(url("http://a.test/"), "n" + std::to_string(i) + "=1", now));
  CHECK(cookies(jar, "http://a.test/") == "n1=1; n2=1; n3=1");
  REQUIRE(jar.store(url("http://b.test/"), "x=1", now));
  REQUIRE(jar.store(url("http://b.test/"), "y=1", now));
  CHECK(jar.size() == 4);
  CHECK(cookies(jar, "http://a.test/") == "n2=1; n3=1");
}

TEST_CASE("cookies can be cleared by page and by name") {
  CookieJar jar;
  REQUIRE(jar.store(url("http://a.test/"), "x=1", now));
  REQUIRE(jar.store(url("http://a.test/"), "y=1", now));
  REQUIRE(jar.store(url("http://b.test/"), "x=1", now));
  jar.remove(url("http://a.test/"), "x");
  CHECK(jar.matching(url("http://a.test/"), now).size() == 1);
  jar.clear(url("http://a.test/"));
  CHECK(cookies(jar, "http://a.test/") == "");
  CHECK(cookies(jar, "http://b.test/") == "x=1");
  jar.clear();
  CHECK(jar.empty());
}

TEST_CASE("dates are written in one form and read in many") {
  std::string out;
  append_http_date(out, {784'111'777 * second + 5});
  CHECK(out == "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "6 november 1994 8:49:37"}) {
    CAPTURE(text);
    const auto date = parse_http_date(text);
    REQUIRE(date);
    CHECK(date->unix_ns == 784'111'777 * second);
  }
  for (const std::string_view bad :
       {"", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "06 Nov 08:49:37", "Sun, 06 Nov 9994 08:49:37 GMT"}) {
    CAPTURE(bad);
    CHECK(!parse_http_date(bad));
  }
  out.clear();
  append_http_date(out, {-1});
  CHECK(out == "Wed, 31 Dec 1969 23:59:59 GMT");
}
