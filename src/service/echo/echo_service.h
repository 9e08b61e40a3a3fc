// A target to try clients against: it says back what it was asked, under the paths that httpbin's
// users know, without a network beyond this machine.
//
//   auto service = TRY(EchoService::start(loop, {.at = Endpoint::loopback(0)}));
//   TRY(loop.spawn("echo", [&](Fiber& self) { service->serve(self); }));   // until stop()
//
// echo_paths() lists what it answers. Stateless: cookies and credentials are the client's to keep.
//
// Source: httpbin (httpbin.org), whose answers' members have the same names.
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "server/http_server.h"

namespace brunt {

struct EchoOptions {
  Endpoint at = Endpoint::loopback(0);  // Port 0: a free one.
  std::optional<TlsServerOptions> tls;
};

struct EchoPath {
  std::string_view pattern;  // /status/{code}
  std::string_view words;    // What it answers.
};
std::span<const EchoPath> echo_paths();

class EchoService {
 public:
  // Listens. `loop` must outlive it. Errors: those of HttpServer::listen().
  static Result<std::unique_ptr<EchoService>> start(Loop& loop, const EchoOptions& options);

  // Parks until stop(), or until `self` is cancelled.
  void serve(Fiber& self) { server_->serve(self); }
  void stop() { server_->stop(std::chrono::seconds(1)); }
  Endpoint endpoint() const { return server_->endpoint(); }

 private:
  explicit EchoService(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
  std::unique_ptr<HttpServer> server_;
};

}  // namespace brunt
