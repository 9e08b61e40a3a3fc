// A simulated network with a scripted server on localhost:80 (and :443, :8080), for the clients'
// tests: all delays are virtual, so every timing is exact.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "client/http_session.h"
#include "loop/loop.h"
#include "net/certificate.h"
#include "net/dialer.h"
#include "wire/http1_parser.h"

namespace brunt {

using namespace std::chrono_literals;

// "GET /target" of a request, without the version.
inline std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/"));
}

// "-" where it has none.
inline std::string field_of(const std::string& request, std::string_view name) {
  const std::string_view head = std::string_view(request).substr(0, request.find("\r\n\r\n"));
  for (const std::string_view line : split(head, '\n'))
    if (const auto colon = line.find(':');
        colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
      return std::string(trim(line.substr(colon + 1)));
  return "-";
}

inline std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// One connection of the fake server.
class Peer {
 public:
  Peer(Fiber& self, Stream& stream, int which) : number(which), self_(self), stream_(stream) {}

  // The next request's head and body; "" when the client has closed.
  std::string request() {
    HttpMessage message;
    const Http1Limits limits;
    Http1Parser parser(Http1Role::server, limits);
    parser.begin(message, {});
    std::string text;
    while (!parser.done()) {
      if (rest_.empty()) {
        const auto bytes = stream_.receive(self_, far_future);
        if (!bytes || bytes->empty()) return "";
        rest_ = as_text(*bytes);
      }
      const auto used = parser.feed(as_bytes(rest_));
      REQUIRE_MESSAGE(used.has_value(), used.error().text);
      text += rest_.substr(0, *used);
      rest_.erase(0, *used);
    }
    return text;
  }
  // Exactly so many bytes of whatever protocol; fewer when the client has closed.
  std::string bytes(std::size_t size) {
    while (rest_.size() < size) {
      const auto more = stream_.receive(self_, far_future);
      if (!more || more->empty()) break;
      rest_ += as_text(*more);
    }
    const std::string taken = rest_.substr(0, size);
    rest_.erase(0, taken.size());
    return taken;
  }
  // What has come and was not taken, or what comes next; "" when the client has closed.
  std::string some() {
    if (rest_.empty())
      if (const auto more = stream_.receive(self_, far_future)) rest_ = as_text(*more);
    return std::exchange(rest_, {});
  }
  void finish() { stream_.finish(); }
  void reset() { stream_.abort(); }
  bool send(std::string_view text) {
    return stream_.send(self_, as_bytes(text), far_future).has_value();
  }
  bool sleep(Duration duration) { return self_.sleep(duration).has_value(); }
  Instant now() const { return self_.now(); }
  // Until the test is over.
  void hang() { sleep(24h); }

  const int number;  // Of the connection, from 0.

 private:
  Fiber& self_;
  Stream& stream_;
  std::string rest_;
};

struct HttpTestWorld {
  using Serve = std::function<void(Peer&)>;
  using Client = std::function<void(Fiber&, HttpContext&)>;

  Serve serve;
  HttpSessionOptions options;
  SimulatedNetwork network = {.one_way_delay_min = 10ms, .one_way_delay_max = 10ms};
  std::uint64_t seed = 1;
  std::string certificate_name;  // Not empty: :443 speaks TLS with a certificate for this name.
  std::vector<std::string> alpn = {"h2", "http/1.1"};  // What it would speak there.
  bool trusts = true;  // The client trusts that certificate's authority.
  std::vector<HostEntry> hosts;

  void run(const Client& client) const {
    auto created =
        Loop::create({.backend = BackendKind::simulated, .seed = seed, .network = network});
    REQUIRE(created.has_value());
    Loop& loop = **created;
    Resolver resolver(loop, {.hosts = hosts});
    const AllowList allow;
    Dialer dialer(loop, resolver, allow, {});
    Tls tls = certificate_name.empty() ? Tls{} : make_tls();
    HttpContext context{.loop = loop, .dialer = dialer, .tls = tls.client.get()};
    int connections = 0;
    auto plain = loop.listen({.at = Endpoint::any(80)});
    auto other = loop.listen({.at = Endpoint::any(8080)});
    auto secure = loop.listen({.at = Endpoint::any(443)});
    listen(loop, **plain, nullptr, connections);
    listen(loop, **other, nullptr, connections);
    listen(loop, **secure, tls.server.get(), connections);
    const auto started = loop.spawn("client", [&](Fiber& self) {
      client(self, context);
      CHECK(context.buffers.lent() == 0);
      loop.stop();
    });
    REQUIRE(started.has_value());
    loop.run();
  }

 private:
  struct Tls {
    std::unique_ptr<TlsContext> client, server;
  };

  Tls make_tls() const {
    const auto authority = issue_certificate({.names = {"test authority"}}, nullptr);
    REQUIRE(authority.has_value());
    const auto own = issue_certificate({.names = {certificate_name}}, &*authority);
    REQUIRE(own.has_value());
    auto client =
        TlsContext::client({.ca_file = trusts ? authority->certificate : own->certificate});
    auto server =
        TlsContext::server({.certificate = own->certificate, .key = own->key, .alpn = alpn});
    REQUIRE(client.has_value());
    REQUIRE(server.has_value());
    return {std::move(*client), std::move(*server)};
  }

  void listen(Loop& loop, Listener& listener, TlsContext* tls, int& connections) const {
    const auto started =
        loop.spawn("accept", [&loop, &listener, tls, &connections, this](Fiber& self) {
          while (auto stream = listener.accept(self, far_future)) {
            const int number = connections++;
            const auto peer = loop.spawn(
                "peer", [this, tls, number, accepted = std::move(*stream)](Fiber& own) mutable {
                  if (tls != nullptr) {
                    auto secured = tls_accept(own, std::move(accepted), *tls, far_future);
                    if (!secured) return;
                    accepted = std::move(secured->stream);
                  }
                  Peer end(own, *accepted, number);
                  serve(end);
                });
            REQUIRE(peer.has_value());
          }
        });
    REQUIRE(started.has_value());
  }
};

inline Url url_of(std::string_view text) {
  return parse_url(text).value();
}

}  // namespace brunt
