// TLS over any stream: TCP, unix, or simulated. A context holds what many connections share; a
// connection is again a Stream.
//
// A context and all its streams belong to one loop. An idle
// stream holds no buffer of ours: what is decrypted goes through one scratch of the context.
//
//   auto context = TRY(TlsContext::client({.ca_file = "ca.pem"}));
//   auto tcp = TRY(loop.connect(self, {.to = endpoint}, deadline));
//   auto tls = TRY(tls_connect(self, std::move(tcp), *context, {.server_name = "shop.test"},
//   deadline)); TRY(tls.stream->send(self, bytes, deadline));
//
// The text of an error `tls` begins with one of these, and goes on with the detail:
//   "unknown authority"  nobody we trust signed the certificate       (says how to give a CA file)
//   "name mismatch"      the certificate is for others                (name wanted, names in it)
//   "expired"            or "not yet valid", with the date
//   "not a TLS server"   the bytes that came back are no TLS
//   "handshake cut"      the peer closed or broke the connection in mid-handshake
//   "refused by peer"    the peer sent an alert: "certificate required", "protocol version", ...
//   "bad certificate"    any other flaw of the certificate
//   "broken"             any other failure, in OpenSSL's words
//
// A peer that closes without saying so (no close_notify) between two records is taken as an orderly
// end, as Go and browsers do; in mid-record it is a `reset`.
// Source: RFC 8446, RFC 5246; names are checked by RFC 6125.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loop/stream.h"

namespace brunt {

enum class TlsVersion : std::uint8_t { tls_1_0, tls_1_1, tls_1_2, tls_1_3 };

std::string_view name_of(TlsVersion version);  // "TLS 1.3"
Result<TlsVersion> parse_tls_version(
    std::string_view text);  // "1.3", "tls1.3", "TLSv1.3", "TLS 1.3"

// Every certificate, key, and authority is given as a file's path or as the PEM text itself
// ("-----BEGIN ...").
struct TlsClientCertificate {
  std::vector<std::string> domains;  // Of the servers that get it: "shop.test", "*.shop.test".
  std::string certificate, key, key_password;
};

struct TlsClientOptions {
  std::string ca_file;            // Trusted, and nothing else; empty: the system's roots.
  bool system_roots_too = false;  // Trusted besides `ca_file`.
  bool insecure = false;          // Accept any certificate and any name.
  std::string certificate;        // Ours, with its chain, where the server wants one.
  std::string key;                // Empty: it is in `certificate`.
  std::string key_password;
  std::vector<TlsClientCertificate> for_domains;  // Instead of ours; the first that fits.
  TlsVersion version_min = TlsVersion::tls_1_2;
  TlsVersion version_max = TlsVersion::tls_1_3;
  std::string
      ciphers;  // Names as OpenSSL or IANA have them, ':' between; empty: the library's choice.
  std::uint32_t sessions_max =
      1024;  // Kept for resumption, by server; 0: every handshake is a full one.
};

struct TlsServerOptions {
  std::string certificate;  // With its chain.
  std::string key;          // Empty: it is in `certificate`.
  std::string key_password;
  std::string client_ca;  // Given: a client without a certificate of it is refused.
  TlsVersion version_min = TlsVersion::tls_1_2;
  TlsVersion version_max = TlsVersion::tls_1_3;
  std::string ciphers;
  std::vector<std::string>
      alpn;  // In order of preference: "h2", "http/1.1". Empty: ALPN is ignored.
};

class TlsContext {
 public:
  // Errors: not_found, denied, invalid (names the file and what is wrong with it).
  static Result<std::unique_ptr<TlsContext>> client(const TlsClientOptions& options);
  static Result<std::unique_ptr<TlsContext>> server(const TlsServerOptions& options);

  ~TlsContext();

  // Reads the system's roots, which takes some 20 ms, now and not with the first connection.
  // Nothing for a server, and where other roots are given.
  void read_roots();

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct State;  // OpenSSL's side, for tls_*.cc only.
  const std::shared_ptr<State>& state() { return state_; }

 private:
  explicit TlsContext(std::shared_ptr<State> state);
  // Shared with its streams: one that still says goodbye may live a moment longer than the context.
  std::shared_ptr<State> state_;
};

struct TlsInfo {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;   // "TLS_AES_256_GCM_SHA384"
  std::string alpn;          // "" when none was agreed on.
  bool resumed = false;      // Session reused: no certificate was sent.
};

struct TlsConnection {
  std::unique_ptr<Stream> stream;
  TlsInfo info;
};

struct TlsConnectOptions {
  std::string_view server_name;  // For SNI and the name check; an IP is checked, not sent.
  std::span<const std::string> alpn = {};  // In order of preference.
};

// Both park until the handshake is done. On failure the transport is closed. Errors: tls (above),
// timeout, cancelled.
Result<TlsConnection> tls_connect(Fiber& self, std::unique_ptr<Stream> transport,
                                  TlsContext& context, const TlsConnectOptions& options,
                                  Instant deadline);
Result<TlsConnection> tls_accept(Fiber& self, std::unique_ptr<Stream> transport,
                                 TlsContext& context, Instant deadline);

}  // namespace brunt
