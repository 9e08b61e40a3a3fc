// Dialling over real loopback sockets: which address is tried, from where, what each part took, and
// what every way to fail says.
#include "net/dialer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "base/file.h"
#include "loop/fiber_group.h"
#include "net/certificate.h"
#include "net/limits.h"
#include "net/owned_descriptor.h"
#include "net/real_loops_fixture.h"
#include "net/source_addresses.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// What a dial needs; each test changes what it is about.
struct Setup {
  ResolverOptions names{.select = DnsSelect::first, .hosts = {}, .servers = {}};
  AllowRules rules;
  DialerOptions options;
};

Result<Dialed> dial(Fiber& self, const Setup& setup, const DialTarget& target) {
  Resolver resolver(self.loop(), setup.names);
  const Result<AllowList> allow_list = AllowList::parse(setup.rules);
  REQUIRE(allow_list.has_value());
  Dialer dialer(self.loop(), resolver, *allow_list, setup.options);
  return dialer.dial(self, target, self.now() + 10s);
}

std::unique_ptr<Listener> listen_on(Fiber& self, const Endpoint& at) {
  auto listener = self.loop().listen({.at = at});
  REQUIRE_MESSAGE(listener.has_value(), (listener ? "" : listener.error().text));
  return *std::move(listener);
}

TEST_CASE("a dial says how long each part took") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    const auto dialed = dial(self, {}, {.host = "localhost", .port = listener->local().port()});
    REQUIRE_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
    CHECK(dialed->stream->peer() == listener->local());
    CHECK(dialed->timings.started <= dialed->timings.looked_up);
    CHECK(dialed->timings.looked_up < dialed->timings.connected);
    CHECK(dialed->timings.tls_handshaking() == Duration::zero());
    CHECK(dialed->tls.version.empty());
  });
}

TEST_CASE("connecting to a far address takes its round trip") {
  auto loop = Loop::create({.backend = BackendKind::simulated}).value();
  REQUIRE(loop->spawn("test", [](Fiber& self) {
    const auto far = listen_on(self, Endpoint::loopback(0));
    const auto near = listen_on(self, Endpoint::loopback(0));
    Setup setup;
    setup.options.far = {{far->local(), 154ms}};
    const auto dialed = dial(self, setup, {.host = "127.0.0.1", .port = far->local().port()});
    REQUIRE(dialed.has_value());
    CHECK(dialed->timings.connecting() == 154ms);
    const auto quick = dial(self, setup, {.host = "127.0.0.1", .port = near->local().port()});
    REQUIRE(quick.has_value());
    CHECK(quick->timings.connecting() == 0ms);
    setup.options.far[0].round_trip = 1min;
    const auto late = dial(self, setup, {.host = "127.0.0.1", .port = far->local().port()});
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
  }));
  loop->run();
}

TEST_CASE("a port that nobody listens on is refused, and the text names host and address") {
  on_real_loops([](Fiber& self) {
    const std::uint16_t port = listen_on(self, Endpoint::loopback(0))->local().port();
    const auto dialed = dial(self, {}, {.host = "localhost", .port = port});
    REQUIRE_FALSE(dialed.has_value());
    CHECK(dialed.error().code == ErrorCode::refused);
    CHECK(dialed.error().text.starts_with("localhost: "));
    CHECK(dialed.error().text.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  });
}

TEST_CASE("when one address refuses the next is tried") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    Setup setup;
    setup.names.hosts = {{"two.test", {"127.0.0.2", "127.0.0.1"}}};
    const auto dialed = dial(self, setup, {.host = "two.test", .port = listener->local().port()});
    REQUIRE_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
    CHECK(dialed->stream->peer().ip() == "127.0.0.1");
  });
}

TEST_CASE("a stranger is denied before a packet leaves, and skipped where another is allowed") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    Setup setup;
    setup.names.hosts = {{"far.test", {"198.51.100.7"}},
                         {"mixed.test", {"198.51.100.7", "127.0.0.1"}}};
    const auto far = dial(self, setup, {.host = "far.test", .port = 80});
    REQUIRE_FALSE(far.has_value());
    CHECK(far.error().code == ErrorCode::denied);
    CHECK(far.error().text.find("--allow far.test") != std::string::npos);
    CHECK(dial(self, setup, {.host = "mixed.test", .port = listener->local().port()}).has_value());
  });
}

TEST_CASE("a name that does not resolve is an error of the kind dns") {
  LoopOptions options;
  options.backend = BackendKind::simulated;
  auto loop = Loop::create(options);
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) {
    const auto dialed = dial(self, {}, {.host = "no-such.test", .port = 80});
    REQUIRE_FALSE(dialed.has_value());
    CHECK(dialed.error().code == ErrorCode::dns);
    CHECK(dialed.error().text.find("no-such.test") != std::string::npos);
  }));
  (*loop)->run();
}

TEST_CASE("a redirection leads elsewhere without anybody having to edit the name") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    Setup setup;
    const auto redirection = parse_redirection("*.shop.test:8080", listener->local().text());
    REQUIRE(redirection.has_value());
    setup.options.redirections = {*redirection};
    const auto dialed = dial(self, setup, {.host = "api.shop.test", .port = 8080});
    REQUIRE_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
    CHECK(dialed->stream->peer() == listener->local());
    CHECK_FALSE(parse_redirection("shop.test:99999", "x").has_value());
    CHECK_FALSE(parse_redirection("", "x").has_value());
  });
}

TEST_CASE("a unix socket is dialled by its path") {
  on_real_loops([](Fiber& self) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("dialer-test-" + std::to_string(getpid())))
            .string();
    const auto at = Endpoint::parse("unix:" + path);
    REQUIRE(at.has_value());
    const auto listener = listen_on(self, *at);
    const auto dialed = dial(self, {}, {.host = path});
    CHECK_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
    std::filesystem::remove(path);
    const auto gone = dial(self, {}, {.host = path + "-none"});
    REQUIRE_FALSE(gone.has_value());
    CHECK(gone.error().code == ErrorCode::refused);
  });
}

TEST_CASE("TLS is part of a dial, and a certificate for others is refused") {
  const auto certificate = issue_certificate({.names = {"shop.test"}}, nullptr);
  REQUIRE(certificate.has_value());
  TlsServerOptions serving;
  serving.certificate = certificate->certificate + certificate->key;
  TlsClientOptions trusting;
  trusting.ca_file = certificate->certificate;
  on_real_loops([&](Fiber& self) {
    const auto server = TlsContext::server(serving);
    const auto client = TlsContext::client(trusting);
    REQUIRE((server.has_value() && client.has_value()));
    const auto listener = listen_on(self, Endpoint::loopback(0));
    FiberGroup group(self.loop());
    CHECK(group.spawn("server", [&](Fiber& fiber) {
      while (auto stream = listener->accept(fiber, far_future))
        (void)tls_accept(fiber, *std::move(stream), **server, fiber.now() + 5s);
    }));
    Setup setup;
    setup.names.hosts = {{"shop.test", {"127.0.0.1"}}, {"bank.test", {"127.0.0.1"}}};
    const std::uint16_t port = listener->local().port();
    DialTarget target{.host = "shop.test", .port = port, .tls = client->get()};
    const auto good = dial(self, setup, target);
    REQUIRE_MESSAGE(good.has_value(), (good ? "" : good.error().text));
    CHECK(good->tls.version == "TLSv1.3");
    CHECK(good->timings.tls_handshaking() > Duration::zero());
    target.host = "bank.test";
    const auto wrong = dial(self, setup, target);
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().code == ErrorCode::tls);
    CHECK(wrong.error().text ==
          "name mismatch: wanted bank.test, the certificate is for shop.test");
    group.cancel();
    CHECK(group.join(self));
  });
}

TEST_CASE("a connection leaves from the source addresses given, in turn") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    DialerOptions options;
    options.local_ips = *parse_local_ips("127.0.0.8-127.0.0.9");
    Resolver resolver(self.loop(), {});
    const AllowList allow_list;
    Dialer dialer(self.loop(), resolver, allow_list, options);
    for (const char* ip : {"127.0.0.8", "127.0.0.9", "127.0.0.8"}) {
      const auto dialed = dialer.dial(self, {.host = "127.0.0.1", .port = listener->local().port()},
                                      self.now() + 5s);
      REQUIRE(dialed.has_value());
      CHECK(dialed->stream->local().ip() == ip);
    }
    Setup foreign;
    foreign.options.local_ips = *parse_local_ips("198.51.100.1");
    const auto wrong = dial(self, foreign, {.host = "127.0.0.1", .port = listener->local().port()});
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().code == ErrorCode::invalid);
    CHECK(wrong.error().text.find("198.51.100.1 is no address of this machine") !=
          std::string::npos);
  });
}

TEST_CASE("source addresses are read as k6 writes them") {
  const auto list = parse_local_ips("10.0.0.1, 10.0.0.3-10.0.0.5,10.1.0.0/30,fd00::1");
  REQUIRE(list.has_value());
  std::string all;
  for (const Endpoint& ip : *list) all += ip.ip() + " ";
  CHECK(all == "10.0.0.1 10.0.0.3 10.0.0.4 10.0.0.5 10.1.0.1 10.1.0.2 fd00::1 ");
  for (const char* text : {"", "x", "10.0.0.5-10.0.0.1", "10.0.0.0/33", "fd00::/64", "10.0.0.1-"}) {
    CAPTURE(text);
    CHECK(parse_local_ips(text).error().code == ErrorCode::invalid);
  }
  CHECK(parse_local_ips("10.0.0.0/8").error().code == ErrorCode::too_large);
}

std::string from_text(const SourceAddresses::Choice& choice) {
  return choice.from ? choice.from->ip() : "kernel";
}

TEST_CASE("over loopback the next source address comes when a quarter of one is used") {
  SourceAddresses sources({}, 24);
  const Endpoint to = Endpoint::loopback(80);
  Instant now{1h};
  std::string seen;
  for (int i = 0; i < 14; ++i) seen += from_text(sources.choose(to, now)) + " ";
  CHECK(seen ==
        "kernel kernel kernel kernel kernel kernel 127.0.0.2 127.0.0.2 127.0.0.2 127.0.0.2 "
        "127.0.0.2 127.0.0.2 127.0.0.3 127.0.0.3 ");
  CHECK(from_text(sources.choose(Endpoint::loopback(81), now)) == "kernel");
  now += 61s;  // By now the kernel has given the ports of the first back.
  CHECK(from_text(sources.choose(to, now)) == "kernel");
  sources.mark_full(to, {}, now);
  CHECK(from_text(sources.choose(to, now)) == "127.0.0.2");
}

TEST_CASE("dialers that begin apart over loopback stay apart") {
  SourceAddresses sources({}, 4, 199);
  const Endpoint to = Endpoint::loopback(80);
  CHECK(from_text(sources.choose(to, Instant{1h})) == "127.0.0.200");
  CHECK(from_text(sources.choose(to, Instant{1h})) == "kernel");
  CHECK(from_text(sources.choose(to, Instant{1h})) == "127.0.0.2");
  SourceAddresses listed({*Endpoint::from_ip("127.0.0.7", 0)}, 4, 199);
  CHECK(from_text(listed.choose(to, Instant{1h})) == "127.0.0.7");
}

TEST_CASE("towards others there is one source address unless more are given") {
  SourceAddresses sources({}, 8);
  const Endpoint far = *Endpoint::parse("198.51.100.1:80");
  for (int i = 0; i < 100; ++i) CHECK(from_text(sources.choose(far, Instant{1h})) == "kernel");
  CHECK(sources.count(far) == 1);
  CHECK(sources.count(*Endpoint::parse("[::1]:80")) == 1);
}

// Gives this thread a network of its own with ten ephemeral ports. False where that is not
// permitted.
bool enter_small_network() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  const OwnedDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::string_view("lo").copy(request.ifr_name, sizeof request.ifr_name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket.number(), SIOCSIFFLAGS, &request) != 0) return false;
  const OwnedDescriptor file(open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
  return file.open() && write(file.number(), "40000 40009", 11) == 11;
}

TEST_CASE("when ports run out more source addresses are used, or the text says what to do") {
  std::thread([] {
    if (!enter_small_network()) {
      MESSAGE("skipped: a network of its own is not permitted here");
      return;
    }
    on_real_loops([](Fiber& self) {
      const auto listener = listen_on(self, Endpoint::loopback(80));
      Resolver resolver(self.loop(), {});
      const AllowList allow_list;
      Dialer rotating(self.loop(), resolver, allow_list, {});
      const DialTarget target{.host = "127.0.0.1", .port = 80};
      std::vector<std::unique_ptr<Stream>> open;
      for (int i = 0; i < 60; ++i) {
        auto dialed = rotating.dial(self, target, self.now() + 5s);
        REQUIRE_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
        open.push_back(std::move(dialed->stream));
      }
      // Another process, as it were: it has counted nothing and meets the first addresses nearly
      // full.
      Dialer fresh(self.loop(), resolver, allow_list, {});
      for (int i = 0; i < 20; ++i) {
        auto dialed = fresh.dial(self, target, self.now() + 5s);
        REQUIRE_MESSAGE(dialed.has_value(), (dialed ? "" : dialed.error().text));
        open.push_back(std::move(dialed->stream));
      }
      DialerOptions one;
      one.local_ips = *parse_local_ips("127.0.0.250");
      Dialer single(self.loop(), resolver, allow_list, one);
      Result<Dialed> dialed = fail(ErrorCode::io, "not run");
      for (int i = 0; i < 11; ++i) {
        dialed = single.dial(self, target, self.now() + 5s);
        if (dialed) open.push_back(std::move(dialed->stream));
      }
      REQUIRE_FALSE(dialed.has_value());
      CHECK(dialed.error().code == ErrorCode::exhausted);
      CAPTURE(dialed.error().text);
      CHECK(dialed.error().text.find("no local port is left") != std::string::npos);
      CHECK(dialed.error().text.find("--local-ips") != std::string::npos);
    });
  }).join();
}

TEST_CASE("when descriptors run out a dial says which limit it was, and works again after") {
  on_real_loops([](Fiber& self) {
    const auto listener = listen_on(self, Endpoint::loopback(0));
    Resolver resolver(self.loop(), {});
    const AllowList allow_list;
    Dialer dialer(self.loop(), resolver, allow_list, {});
    const DialTarget target{.host = "127.0.0.1", .port = listener->local().port()};
    rlimit former{};
    getrlimit(RLIMIT_NOFILE, &former);
    const OwnedDescriptor next_free(dup(0));
    rlimit lowered = former;
    lowered.rlim_cur = static_cast<rlim_t>(next_free.number()) + 1;
    setrlimit(RLIMIT_NOFILE, &lowered);
    const auto dialed = dialer.dial(self, target, self.now() + 5s);
    setrlimit(RLIMIT_NOFILE, &former);
    REQUIRE_FALSE(dialed.has_value());
    CHECK(dialed.error().code == ErrorCode::exhausted);
    CHECK(dialed.error().text.find("descriptors") != std::string::npos);
    CHECK(dialer.dial(self, target, self.now() + 5s).has_value());
  });
}

TEST_CASE("only an address of this machine can be connected from") {
  CHECK(check_local_ips(parse_local_ips("127.0.0.5-127.0.0.9,::1").value()));
  const auto checked = check_local_ips(parse_local_ips("127.0.0.5,192.0.2.77").value());
  REQUIRE_FALSE(checked);
  CHECK(checked.error().text == "this machine has no address 192.0.2.77 to connect from");
}

TEST_CASE("the limit on descriptors is raised as far as it goes") {
  rlimit former{};
  getrlimit(RLIMIT_NOFILE, &former);
  rlimit lowered = former;
  lowered.rlim_cur = 256;
  setrlimit(RLIMIT_NOFILE, &lowered);
  CHECK(read_machine_limits().descriptors == 256);
  // Beyond the hard limit where the kernel lets us.
  CHECK(raise_descriptor_limit().value() >= std::uint64_t{former.rlim_max});
  const MachineLimits limits = read_machine_limits();
  CHECK(limits.descriptors == limits.descriptors_max);
  CHECK(limits.ports() > 1000);
  CHECK(limits.somaxconn > 0);
  CHECK(limits.memory_maps_max >= 65'530);
  setrlimit(RLIMIT_NOFILE, &former);
}

}  // namespace
}  // namespace brunt
