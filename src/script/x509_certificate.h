// A certificate (X.509) taken apart for scripts: OpenSSL behind plain structs.
//
//   const X509Certificate certificate = TRY(read_x509(pem));
//   certificate.subject.all("2.5.4.3");   // Its common names.
//
// For this layer only. Nothing is checked: neither signatures nor dates.
//
// Source: RFC 5280; OpenSSL 3.0, X509_get_subject_name(3), X509_get_ext_d2i(3).
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace brunt {

// Its parts in their order: the dotted name of what each is, and its text in UTF-8.
struct DistinguishedName {
  std::vector<std::pair<std::string, std::string>> parts;

  std::vector<std::string> all(std::string_view type) const;
};

struct X509Certificate {
  DistinguishedName subject, issuer;
  std::string not_before, not_after;         // RFC 3339, UTC.
  std::vector<std::string> alternate_names;  // DNS, then e-mail, then IP addresses, then URIs.
  std::string signature_algorithm;           // As Go calls it: "SHA256-RSA".
  std::string fingerprint;                   // SHA-1, 20 bytes.
  std::string key_algorithm;                 // RSA, DSA, ECDSA; "": another.
  // Numbers in hexadecimal: n, e; x, y with `curve`; p, q, g, y.
  std::map<std::string, std::string, std::less<>> key;
};

// The first certificate of a PEM text. Errors: invalid: there is none.
Result<X509Certificate> read_x509(std::string_view pem);

}  // namespace brunt
