// Issues X.509 certificates: a throw-away authority and what it signs, so that local services and
// tests speak TLS without files of anybody else. Not a place for keys that must stay secret long.
//
//   const Certificate authority = TRY(issue_certificate({.names = {"brunt test authority"}},
//   nullptr)); const Certificate server = TRY(issue_certificate({.names = {"localhost",
//   "127.0.0.1"}}, &authority));
//
// Keys are ECDSA P-256. Source: RFC 5280.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

// Both parts as PEM text: what TlsServerOptions and the files of other programs want.
struct Certificate {
  std::string certificate;
  std::string key;
};

struct CertificateRequest {
  std::vector<std::string>
      names;            // Names and IP addresses it stands for; the first is its subject.
  WallTime not_before;  // 0: a day before now.
  WallTime not_after;   // 0: 30 days from now.
};

// Signed by `issuer`; with nullptr an authority that signs itself. Errors: invalid (no name, an
// issuer that is no PEM), io.
Result<Certificate> issue_certificate(const CertificateRequest& request, const Certificate* issuer);

}  // namespace brunt
