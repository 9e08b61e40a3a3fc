// Names to addresses: from the table, /etc/hosts, and a DNS server of our own on loopback; one
// lookup for all who ask at once.
#include "net/resolver.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <functional>

#include "loop/fiber_group.h"
#include "net/owned_descriptor.h"
#include "net/real_loops_fixture.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> texts(const Result<std::vector<Endpoint>>& addresses) {
  REQUIRE_MESSAGE(addresses.has_value(), (addresses ? "" : addresses.error().text));
  std::vector<std::string> out;
  for (const Endpoint& address : *addresses) out.push_back(address.text());
  return out;
}

using Texts = std::vector<std::string>;

// A DNS server that knows shop.test (two addresses), is silent about silent.test, and knows nothing
// else. Source: RFC 1035, section 4.
class DnsServer {
 public:
  DnsServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const Endpoint any = Endpoint::loopback(0);
    REQUIRE(bind(socket_.number(), any.address(), any.size()) == 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&bound), &size);
    at_ = Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&bound), size);
  }

  std::string text() const { return at_.text(); }
  int queries = 0;

  void run(Fiber& self) {
    while (self.loop().wait_fd(self, socket_.number(), FdEvent::readable, far_future)) answer_one();
  }

 private:
  void answer_one() {
    std::array<char, 512> packet{};
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(socket_.number(), packet.data(), packet.size(), 0,
                                 reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 17) return;
    ++queries;
    std::string reply(packet.data(), static_cast<std::size_t>(got));
    const std::size_t name_end = reply.find('\0', 12);
    const bool wants_ipv4 = reply[name_end + 2] == 1;
    const bool is_shop = reply.substr(12, name_end - 12) == "\4shop\4test";
    if (reply.substr(12, name_end - 12) == "\6silent\4test") return;
    reply.resize(name_end + 5);
    reply[2] = '\x81';
    reply[3] = is_shop ? '\x80' : '\x83';  // Else: no such name.
    reply[7] = is_shop && wants_ipv4 ? '\2' : '\0';
    reply[11] = '\0';
    if (is_shop && wants_ipv4)
      for (const char last : {'\7', '\x8'})
        reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0", 15) + last;
    sendto(socket_.number(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
           size);
  }

  OwnedDescriptor socket_;
  Endpoint at_;
};

// Runs `body` beside a DnsServer, with options that ask it.
void with_dns(const std::function<void(Fiber&, DnsServer&, ResolverOptions)>& body) {
  on_real_loops([&](Fiber& self) {
    DnsServer server;
    FiberGroup group(self.loop());
    REQUIRE(group.spawn("dns", [&](Fiber& fiber) { server.run(fiber); }));
    ResolverOptions options;
    options.servers = server.text();
    options.select = DnsSelect::first;
    options.attempt_timeout = 50ms;
    body(self, server, options);
    group.cancel();
    CHECK(group.join(self));
  });
}

TEST_CASE("a numeric address needs no lookup") {
  on_backend(BackendKind::simulated, [](Fiber& self) {
    Resolver resolver(self.loop(), {});
    CHECK(texts(resolver.resolve(self, {"10.1.2.3", 80}, far_future)) == Texts{"10.1.2.3:80"});
    CHECK(texts(resolver.resolve(self, {"::1", 443}, far_future)) == Texts{"[::1]:443"});
  });
}

TEST_CASE("localhost is loopback, on a real and on a simulated network") {
  for (const BackendKind backend :
       {BackendKind::epoll, BackendKind::io_uring, BackendKind::simulated}) {
    CAPTURE(name_of(backend));
    on_backend(backend, [](Fiber& self) {
      Resolver resolver(self.loop(), {});
      for (const char* name : {"localhost", "LOCALHOST.", "api.localhost"}) {
        CAPTURE(name);
        const auto addresses = resolver.resolve(self, {name, 80}, self.now() + 20s);
        CHECK(texts(addresses).front() == "127.0.0.1:80");
      }
    });
  }
}

TEST_CASE("the table is asked first, and a star stands for everything below") {
  on_backend(BackendKind::simulated, [](Fiber& self) {
    ResolverOptions options;
    options.select = DnsSelect::round_robin;
    options.hosts = {{"shop.test", {"10.0.0.1", "fd00::1", "10.0.0.2"}},
                     {"*.deep.test", {"10.0.0.3"}},
                     {"broken.test", {"not an address"}}};
    Resolver resolver(self.loop(), options);
    const auto shop = [&] { return texts(resolver.resolve(self, {"Shop.test", 80}, far_future)); };
    CHECK(shop() == Texts{"10.0.0.1:80", "10.0.0.2:80", "[fd00::1]:80"});
    CHECK(shop() == Texts{"10.0.0.2:80", "10.0.0.1:80", "[fd00::1]:80"});
    CHECK(shop() == Texts{"10.0.0.1:80", "10.0.0.2:80", "[fd00::1]:80"});
    CHECK(texts(resolver.resolve(self, {"a.b.deep.test", 1}, far_future)) == Texts{"10.0.0.3:1"});
    for (const char* name : {"deep.test", "broken.test", "unknown.test", ""}) {
      CAPTURE(name);
      const auto addresses = resolver.resolve(self, {name, 80}, far_future);
      REQUIRE_FALSE(addresses.has_value());
      CHECK(addresses.error().code == ErrorCode::dns);
      CHECK(addresses.error().text.find(name) != std::string::npos);
    }
  });
}

TEST_CASE("the policy chooses the family") {
  struct Row {
    DnsPolicy policy;
    Texts wanted;
  };
  const Row rows[] = {{DnsPolicy::prefer_ipv4, {"10.0.0.1:1", "[fd00::1]:1"}},
                      {DnsPolicy::prefer_ipv6, {"[fd00::1]:1", "10.0.0.1:1"}},
                      {DnsPolicy::only_ipv4, {"10.0.0.1:1"}},
                      {DnsPolicy::only_ipv6, {"[fd00::1]:1"}},
                      {DnsPolicy::any, {"[fd00::1]:1", "10.0.0.1:1"}}};
  for (const Row& row : rows) {
    on_backend(BackendKind::simulated, [&](Fiber& self) {
      ResolverOptions options;
      options.select = DnsSelect::first;
      options.policy = row.policy;
      options.hosts = {{"shop.test", {"fd00::1", "10.0.0.1"}}};
      Resolver resolver(self.loop(), options);
      CHECK(texts(resolver.resolve(self, {"shop.test", 1}, far_future)) == row.wanted);
    });
  }
}

TEST_CASE("an answer of a DNS server is kept") {
  with_dns([](Fiber& self, DnsServer& server, const ResolverOptions& options) {
    Resolver resolver(self.loop(), options);
    const Texts wanted{"10.0.0.7:80", "10.0.0.8:80"};
    CHECK(texts(resolver.resolve(self, {"shop.test", 80}, self.now() + 5s)) == wanted);
    CHECK(server.queries == 2);  // One for each family.
    CHECK(texts(resolver.resolve(self, {"SHOP.test.", 80}, self.now() + 5s)) == wanted);
    CHECK(server.queries == 2);
    resolver.forget();
    CHECK(texts(resolver.resolve(self, {"shop.test", 80}, self.now() + 5s)) == wanted);
    CHECK(server.queries == 4);
  });
}

TEST_CASE("with a TTL of zero each lookup asks again, but those at one time share it") {
  with_dns([](Fiber& self, DnsServer& server, ResolverOptions options) {
    options.ttl = Duration::zero();
    Resolver resolver(self.loop(), options);
    FiberGroup group(self.loop());
    int found = 0;
    for (int i = 0; i < 50; ++i)
      CHECK(group.spawn("asks", [&](Fiber& fiber) {
        found += resolver.resolve(fiber, {"shop.test", 80}, fiber.now() + 5s) ? 1 : 0;
      }));
    CHECK(group.join(self));
    CHECK(found == 50);
    CHECK(server.queries == 2);
    CHECK(resolver.resolve(self, {"shop.test", 80}, self.now() + 5s));
    CHECK(server.queries == 4);
  });
}

TEST_CASE("the cache has a bound") {
  with_dns([](Fiber& self, DnsServer& /*server*/, ResolverOptions options) {
    options.names_max = 3;
    Resolver resolver(self.loop(), options);
    for (int i = 0; i < 20; ++i)
      CHECK_FALSE(resolver.resolve(self, {"x" + std::to_string(i) + ".test", 1}, self.now() + 5s));
    CHECK(resolver.resolve(self, {"shop.test", 80}, self.now() + 5s));
  });
}

TEST_CASE("a name that does not exist is an error that names it, kept for a moment") {
  with_dns([](Fiber& self, DnsServer& server, const ResolverOptions& options) {
    Resolver resolver(self.loop(), options);
    for (int i = 0; i < 3; ++i) {
      const auto none = resolver.resolve(self, {"no-such.test", 80}, self.now() + 5s);
      REQUIRE_FALSE(none.has_value());
      CHECK(none.error().code == ErrorCode::dns);
      CHECK(none.error().text == "cannot resolve \"no-such.test\": Domain name not found");
    }
    CHECK(server.queries == 2);
  });
}

TEST_CASE("a silent DNS server is an error, or a timeout if the caller is less patient") {
  with_dns([](Fiber& self, DnsServer& /*server*/, const ResolverOptions& options) {
    Resolver resolver(self.loop(), options);
    const auto impatient = resolver.resolve(self, {"silent.test", 80}, self.now() + 10ms);
    REQUIRE_FALSE(impatient.has_value());
    CHECK(impatient.error().code == ErrorCode::timeout);
    const auto patient = resolver.resolve(self, {"silent.test", 80}, self.now() + 20s);
    REQUIRE_FALSE(patient.has_value());
    CHECK(patient.error().code == ErrorCode::dns);
    CHECK(patient.error().text.find("silent.test") != std::string::npos);
  });
}

TEST_CASE("when the one who asks is cancelled, another takes over") {
  with_dns([](Fiber& self, DnsServer& server, const ResolverOptions& options) {
    Resolver resolver(self.loop(), options);
    FiberGroup first(self.loop());
    FiberGroup second(self.loop());
    ErrorCode cancelled_with = ErrorCode::io;
    ErrorCode other_with = ErrorCode::io;
    CHECK(first.spawn("leads", [&](Fiber& fiber) {
      cancelled_with = resolver.resolve(fiber, {"silent.test", 1}, far_future).error().code;
    }));
    CHECK(second.spawn("follows", [&](Fiber& fiber) {
      other_with = resolver.resolve(fiber, {"silent.test", 1}, far_future).error().code;
    }));
    while (server.queries == 0) CHECK(self.sleep(1ms));
    first.cancel();
    CHECK(first.join(self));
    CHECK(second.join(self));
    CHECK(cancelled_with == ErrorCode::cancelled);
    CHECK(other_with == ErrorCode::dns);
  });
}

TEST_CASE("the choices are read as k6 writes them") {
  CHECK(parse_dns_select("roundRobin") == DnsSelect::round_robin);
  CHECK(parse_dns_policy("preferIPv4") == DnsPolicy::prefer_ipv4);
  CHECK(parse_dns_select("last").error().text.find("first, random, roundRobin") !=
        std::string::npos);
  CHECK_FALSE(parse_dns_policy("ipv5").has_value());
}

}  // namespace
}  // namespace brunt
