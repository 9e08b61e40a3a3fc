// Who may be loaded: tables of rule, host, address, and the verdict.
#include "net/allow_list.h"

#include <doctest/doctest.h>

namespace brunt {
namespace {

Endpoint at(std::string_view text) {
  const Result<Endpoint> endpoint = Endpoint::parse(text);
  REQUIRE(endpoint.has_value());
  return *endpoint;
}

struct Row {
  const char* rule;
  const char* host;
  const char* address;
  bool allowed;
};

TEST_CASE("loopback needs no rule, whatever its name") {
  const AllowList list;
  for (const char* address : {"127.0.0.1:80", "127.9.9.9:1", "[::1]:443", "unix:/tmp/x.sock",
                              "[::ffff:127.0.0.1]:80", "0.0.0.0:8080"}) {
    CAPTURE(address);
    CHECK(list.check("whatever.test", at(address)).has_value());
  }
}

TEST_CASE("a stranger is refused, and the text says how to allow it") {
  const AllowList list;
  const Result<> verdict = list.check("shop.test", at("93.184.216.34:80"));
  REQUIRE_FALSE(verdict.has_value());
  CHECK(verdict.error().code == ErrorCode::denied);
  CHECK(verdict.error().text.find("shop.test (93.184.216.34:80)") != std::string::npos);
  CHECK(verdict.error().text.find("--allow shop.test") != std::string::npos);
}

TEST_CASE("a name that looks local is judged by where it leads") {
  const AllowList list;
  CHECK_FALSE(list.check("localhost.evil.test", at("203.0.113.5:80")).has_value());
  CHECK_FALSE(list.check("localhost", at("203.0.113.5:80")).has_value());
}

TEST_CASE("rules allow names, addresses, blocks, and ports of them") {
  const Row rows[] = {
      {"shop.test", "shop.test", "10.0.0.1:80", true},
      {"shop.test", "SHOP.test.", "10.0.0.1:80", true},
      {"shop.test", "a.shop.test", "10.0.0.1:80", false},
      {"*.shop.test", "a.shop.test", "10.0.0.1:80", true},
      {"*.shop.test", "a.b.shop.test", "10.0.0.1:80", true},
      {"*.shop.test", "shop.test", "10.0.0.1:80", false},
      {"*.shop.test", "evilshop.test", "10.0.0.1:80", false},
      {"10.0.0.1", "x.test", "10.0.0.1:80", true},
      {"10.0.0.1", "x.test", "10.0.0.2:80", false},
      {"10.0.0.1", "x.test", "[::ffff:10.0.0.1]:80", true},
      {"10.0.0.0/8", "x.test", "10.255.1.2:80", true},
      {"10.0.0.0/8", "x.test", "11.0.0.1:80", false},
      {"10.0.0.128/25", "x.test", "10.0.0.127:80", false},
      {"10.0.0.128/25", "x.test", "10.0.0.200:80", true},
      {"0.0.0.0/0", "x.test", "8.8.8.8:80", true},
      {"0.0.0.0/0", "x.test", "[2001:db8::1]:80", false},
      {"fd00::/8", "x.test", "[fd12::1]:80", true},
      {"fd00::/8", "x.test", "[fe80::1]:80", false},
      {"[fd00::/8]:443", "x.test", "[fd12::1]:80", false},
      {"[fd00::/8]:443", "x.test", "[fd12::1]:443", true},
      {"2001:db8::1", "x.test", "[2001:db8::1]:80", true},
      {"shop.test:443", "shop.test", "10.0.0.1:443", true},
      {"shop.test:443", "shop.test", "10.0.0.1:80", false},
      {"10.0.0.0/8:9000", "x.test", "10.1.1.1:9000", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    CAPTURE(row.host);
    CAPTURE(row.address);
    const Result<AllowList> list = AllowList::parse({.allow = {row.rule}, .block = {}});
    REQUIRE(list.has_value());
    CHECK(list->check(row.host, at(row.address)).has_value() == row.allowed);
  }
}

TEST_CASE("a blocked host stays blocked, on loopback too") {
  const Result<AllowList> list =
      AllowList::parse({.allow = {"10.0.0.0/8"}, .block = {"10.0.0.7", "*.bank.test"}});
  REQUIRE(list.has_value());
  CHECK(list->check("x.test", at("10.0.0.8:80")).has_value());
  CHECK_FALSE(list->check("x.test", at("10.0.0.7:80")).has_value());
  CHECK_FALSE(list->check("www.bank.test", at("127.0.0.1:80")).has_value());
}

TEST_CASE("a rule that cannot be read says what a rule looks like") {
  for (const char* rule : {"", "  ", "*", "http://shop.test", "shop.test:0", "shop.test:70000",
                           "shop.test:", "10.0.0.0/33", "10.0.0.0/x", "fd00::/129", "shop.test/8",
                           "[fd00::1", "a b", "*.", "sho*.test"}) {
    CAPTURE(rule);
    const Result<AllowList> list = AllowList::parse({.allow = {rule}, .block = {}});
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().code == ErrorCode::invalid);
    CHECK(list.error().text.find("10.0.0.0/8") != std::string::npos);
  }
}

TEST_CASE("under simulation nobody can be hurt") {
  CHECK(AllowList::everything().check("shop.test", at("93.184.216.34:80")).has_value());
}

}  // namespace
}  // namespace brunt
