#include "base/url.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("a URL is taken apart") {
  const Url url = parse_url("HTTPS://me:p%40ss@Example.COM:8443/a b?x=1#frag").value();
  CHECK(url.scheme == "https");
  CHECK(url.host == "example.com");
  CHECK(url.port == 8443);
  CHECK(url.user == "me");
  CHECK(url.password == "p@ss");
  CHECK(url.target == "/a%20b?x=1");
  CHECK(url.text() == "https://example.com:8443/a%20b?x=1");
}

TEST_CASE("defaults are filled in") {
  CHECK(parse_url("http://h").value().target == "/");
  CHECK(parse_url("http://h?q").value().target == "/?q");
  CHECK(parse_url("http://h").value().port == 80);
  CHECK(parse_url("https://[::1]/").value().authority() == "[::1]");
  CHECK(parse_url("http+unix://%2Ftmp%2Fa.sock/x").value().host == "/tmp/a.sock");
}

TEST_CASE("what is no URL says what is wrong") {
  const std::pair<const char*, const char*> rows[] = {
      {"localhost:8080/", "no scheme: write http://localhost:8080/"},
      {"ftp://h/", "scheme \"ftp\" is not supported"},
      {"http://", "the host is missing"},
      {"http://h:0/", "no port"},
      {"http://h:99999/", "no port"},
      {"http://[::1/", "not closed"}};
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE(!url);
    CHECK(url.error().text.find(expected) != std::string::npos);
  }
}

// Source of the rows: RFC 3986, section 5.4, with http in place of a scheme without authority.
TEST_CASE("a reference is resolved as the RFC says") {
  const Url base = parse_url("http://a/b/c/d;p?q").value();
  const std::pair<const char*, const char*> rows[] = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../../../g", "http://a/g"},
      {"", "http://a/b/c/d;p?q"},
      {"http://x/y", "http://x/y"},
      {"g?a=http://z", "http://a/b/c/g?a=http://z"}};
  for (const auto& [reference, expected] : rows) {
    CAPTURE(reference);
    CHECK(resolve_url(base, reference).value().text() == expected);
  }
}

TEST_CASE("percent and form encodings go both ways") {
  CHECK(percent_encode("a b/\xC3\xA9") == "a%20b%2F%C3%A9");
  CHECK(percent_decode("a%20b%2") == "a b%2");
  CHECK(form_encode("a b&c") == "a+b%26c");
  CHECK(form_decode("a+b%26c") == "a b&c");
}

TEST_CASE("URLs that differ only by ids have one shape, which is its own shape") {
  const std::pair<const char*, const char*> rows[] = {
      {"http://h", "http://h"},
      {"http://h:8080/timers", "http://h:8080/timers"},
      {"http://h:8080/timers/17", "http://h:8080/timers/*"},
      {"http://h/a1/b22?page=3#top", "http://h/a*/b*"},
      {"http://h/x-6f9619ff8b86d011/deadbeef", "http://h/x-*/deadbeef"},
      {"http://10.0.0.7/v", "http://10.0.0.7/v"},
      {"/users/4", "/users/*"}};
  for (const auto& [url, shape] : rows) {
    CAPTURE(url);
    CHECK(url_shape(url) == shape);
    CHECK(url_shape(shape) == shape);
  }
}

}  // namespace brunt

TEST_CASE("a host and its port are read with and without a scheme") {
  const auto text_of = [](std::string_view text) {
    const auto parsed = brunt::parse_peer_address(text);
    return parsed ? parsed->text() : parsed.error().text;
  };
  CHECK(text_of("localhost:14000") == "localhost:14000");
  CHECK(text_of("tcp://LOCALHOST:14000") == "localhost:14000");
  CHECK(text_of("tcp://[::1]:14000/") == "[::1]:14000");
  CHECK(text_of("http://localhost/x") == "localhost:80");
  CHECK(text_of("localhost") == "\"localhost\" has no port: write localhost:14000");
  CHECK(text_of("tcp://localhost") == "\"tcp://localhost\" has no port: write localhost:14000");
  CHECK(text_of(":14000").starts_with("\":14000\" is no host and port"));
  CHECK(text_of("localhost:99999").starts_with("\"localhost:99999\" is no host and port"));
}
