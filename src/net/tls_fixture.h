// What the TLS tests share: an authority, contexts, and two ends of a simulated connection.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/loop.h"
#include "net/certificate.h"
#include "net/tls.h"

namespace brunt {

inline Certificate issue(const CertificateRequest& request, const Certificate* issuer) {
  Result<Certificate> certificate = issue_certificate(request, issuer);
  REQUIRE(certificate.has_value());
  return *certificate;
}

inline const Certificate& authority() {
  static const Certificate one =
      issue({.names = {"brunt test authority"}, .not_before = {}, .not_after = {}}, nullptr);
  return one;
}

inline Certificate for_names(std::vector<std::string> names) {
  return issue({.names = std::move(names), .not_before = {}, .not_after = {}}, &authority());
}

inline TlsServerOptions serving(const Certificate& certificate) {
  TlsServerOptions options;
  options.certificate = certificate.certificate;
  options.key = certificate.key;
  return options;
}

inline TlsClientOptions trusting(const Certificate& certificate) {
  TlsClientOptions options;
  options.ca_file = certificate.certificate;
  return options;
}

inline std::unique_ptr<TlsContext> context_of(const TlsServerOptions& options) {
  auto context = TlsContext::server(options);
  REQUIRE_MESSAGE(context.has_value(), (context ? "" : context.error().text));
  return *std::move(context);
}

inline std::unique_ptr<TlsContext> context_of(const TlsClientOptions& options) {
  auto context = TlsContext::client(options);
  REQUIRE_MESSAGE(context.has_value(), (context ? "" : context.error().text));
  return *std::move(context);
}

// A transport that ends after `left` more received bytes, as when a peer or a cable fails.
class CutStream final : public Stream {
 public:
  // `left` must outlive the stream.
  CutStream(std::unique_ptr<Stream> inner, std::uint64_t& left)
      : inner_(std::move(inner)), left_(left) {}
  Result<ByteView> receive(Fiber& self, Instant deadline) override {
    if (left_ == 0) return ByteView();
    const Result<ByteView> came = inner_->receive(self, deadline);
    if (!came) return came;
    const ByteView view = came->first(std::min<std::uint64_t>(came->size(), left_));
    left_ -= view.size();
    return view;
  }
  Result<> send(Fiber& self, ByteView bytes, Instant deadline) override {
    return inner_->send(self, bytes, deadline);
  }
  void finish() override { inner_->finish(); }
  void abort() override { inner_->abort(); }
  bool usable() override { return inner_->usable(); }
  Endpoint local() const override { return inner_->local(); }
  Endpoint peer() const override { return inner_->peer(); }
  std::uint64_t bytes_sent() const override { return inner_->bytes_sent(); }
  std::uint64_t bytes_received() const override { return inner_->bytes_received(); }

 private:
  std::unique_ptr<Stream> inner_;
  std::uint64_t& left_;
};

using Side = std::function<void(Fiber&, std::unique_ptr<Stream>)>;

// Runs two ends of one simulated connection; virtual time, so a minute is free.
inline void run_both(const LoopOptions& options, const Side& server, const Side& client) {
  auto loop = Loop::create(options);
  REQUIRE(loop.has_value());
  auto listener = (*loop)->listen({.at = Endpoint::loopback(443)});
  REQUIRE(listener.has_value());
  REQUIRE((*loop)->spawn("server", [&](Fiber& self) {
    auto stream = (*listener)->accept(self, far_future);
    REQUIRE(stream.has_value());
    server(self, *std::move(stream));
  }));
  REQUIRE((*loop)->spawn("client", [&](Fiber& self) {
    auto stream = (*loop)->connect(self, {.to = (*listener)->local(), .from = {}},
                                   self.now() + std::chrono::seconds(60));
    REQUIRE(stream.has_value());
    client(self, *std::move(stream));
  }));
  (*loop)->run();
}

inline LoopOptions calm() {
  LoopOptions options;
  options.backend = BackendKind::simulated;
  return options;
}

}  // namespace brunt
