#include "loop/endpoint.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <array>
#include <string>

using namespace brunt;

TEST_CASE("an endpoint is written as it was read") {
  for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80",
                           "[2001:db8::7]:443", "unix:/run/service.sock", "unix:relative"}) {
    CAPTURE(text);
    const auto endpoint = Endpoint::parse(text);
    REQUIRE_MESSAGE(endpoint.has_value(), endpoint.error().text);
    CHECK(endpoint->text() == text);
    CHECK(*endpoint == *Endpoint::parse(text));
    CHECK(*endpoint == Endpoint::from_sockaddr(endpoint->address(), endpoint->size()));
  }
}

TEST_CASE("what is no address is refused with a reason") {
  struct Row {
    std::string text;
    const char* reason;
  };
  const std::array rows = {
      Row{"", "port is missing"},
      Row{"127.0.0.1", "port is missing"},
      Row{"127.0.0.1:", "port must be"},
      Row{"127.0.0.1:65536", "port must be"},
      Row{"127.0.0.1:-1", "port must be"},
      Row{"127.0.0.1:8o", "port must be"},
      Row{"127.0.0.1: 80", "port must be"},
      Row{"localhost:80", "neither IPv4 nor IPv6"},
      Row{"256.0.0.1:80", "neither IPv4 nor IPv6"},
      Row{":80", "neither IPv4 nor IPv6"},
      Row{"::1:80", "stands in []"},
      Row{"[::1:80", "']' is missing"},
      Row{"[127.0.0.1]:80", "IPv6"},
      Row{"[]:80", "IPv6"},
      Row{"unix:", "path is empty"},
      Row{"unix:" + std::string(108, 'x'), "at most 107"},
      Row{std::string("127.0.0.1\0:80", 13), "zero byte"},
      Row{std::string("unix:a\0b", 8), "zero byte"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto endpoint = Endpoint::parse(row.text);
    REQUIRE(!endpoint);
    CHECK(endpoint.error().code == ErrorCode::invalid);
    CHECK_MESSAGE(endpoint.error().text.find(row.reason) != std::string::npos,
                  endpoint.error().text);
  }
}

TEST_CASE(
    "loopback is 127.0.0.0 to 127.255.255.255, their mapped forms, IPv6 one, and unix sockets") {
  for (const char* text :
       {"127.0.0.1:1", "127.255.255.254:1", "[::1]:1", "[::ffff:127.0.0.9]:1", "unix:/x"})
    CHECK_MESSAGE(Endpoint::parse(text)->is_loopback(), text);
  for (const char* text : {"126.255.255.255:1", "128.0.0.1:1", "0.0.0.0:1", "10.0.0.1:1", "[::]:1",
                           "[::ffff:10.0.0.1]:1", "[fe80::1]:1"})
    CHECK_MESSAGE(!Endpoint::parse(text)->is_loopback(), text);
  CHECK(!Endpoint().is_loopback());
}

TEST_CASE("with_port changes the port only, and a unix socket has none") {
  CHECK(Endpoint::parse("[::1]:80")->with_port(81).text() == "[::1]:81");
  CHECK(Endpoint::loopback(5).with_port(6) == Endpoint::loopback(6));
  CHECK(Endpoint::parse("unix:/x")->with_port(7).text() == "unix:/x");
  CHECK(Endpoint::any(8).text() == "0.0.0.0:8");
  CHECK(Endpoint::from_ip("::2", 9)->text() == "[::2]:9");
}

TEST_CASE("no endpoint is no family, and says so") {
  const Endpoint none;
  CHECK(none.family() == AF_UNSPEC);
  CHECK(none.port() == 0);
  CHECK(none.text() == "(none)");
  CHECK(none != Endpoint::loopback(0));
}
