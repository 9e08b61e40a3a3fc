#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "loop/endpoint.h"
#include "net/tls_openssl.h"

namespace brunt {
namespace {

constexpr int names_shown_max = 8;

std::string time_text(const ASN1_TIME* time) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || ASN1_TIME_print(out.get(), time) != 1) return "an unreadable date";
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string ip_text(const ASN1_OCTET_STRING* ip) {
  const auto* bytes = ASN1_STRING_get0_data(ip);
  if (ASN1_STRING_length(ip) == 4)
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  std::string out;
  for (int i = 0; i + 1 < ASN1_STRING_length(ip); i += 2)
    out += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes[i] << 8 | bytes[i + 1]);
  return out;
}

std::string subject_of(X509* certificate) {
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name[0] == '\0' ? "(no name)" : name;
}

// The names that a certificate stands for, at most a handful.
std::string names_in(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return subject_of(certificate);
  std::string out;
  const int count = sk_GENERAL_NAME_num(names);
  for (int i = 0; i < std::min(count, names_shown_max); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    std::string text = "(other)";
    if (name->type == GEN_DNS) {
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      text = ip_text(name->d.iPAddress);
    }
    out += (out.empty() ? "" : ", ") + text;
  }
  if (count > names_shown_max) out += fmt::format(" and {} more", count - names_shown_max);
  GENERAL_NAMES_free(names);
  return out;
}

std::string verify_text(int code, X509* certificate, const std::string& wanted) {
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED: {
      char issuer[256] = "";
      X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, issuer,
                                sizeof issuer);
      return fmt::format(
          "unknown authority: the certificate of {} is signed by \"{}\", whom nobody here trusts; "
          "give its CA file, or accept any certificate with `insecure`",
          subject_of(certificate), issuer);
    }
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("name mismatch: wanted {}, the certificate is for {}", wanted,
                         names_in(certificate));
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("expired: the certificate of {} ended on {}", subject_of(certificate),
                         time_text(X509_get0_notAfter(certificate)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("not yet valid: the certificate of {} begins on {}",
                         subject_of(certificate), time_text(X509_get0_notBefore(certificate)));
    default:
      return fmt::format("bad certificate: {} ({})", X509_verify_cert_error_string(code),
                         subject_of(certificate));
  }
}

// "tlsv13 alert certificate required" without what it says of the version: OpenSSL names an alert
// after the version that brought it, whichever is spoken.
std::string alert_words() {
  const std::string words = openssl_words();
  const std::size_t start = words.find("alert ");
  return start == std::string::npos ? words : words.substr(start + 6);
}

// What a peer that speaks something else makes OpenSSL say.
bool is_not_tls(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_RECORD:
      return true;
    default:
      return false;
  }
}

}  // namespace

int note_verify_failure(int preverified, X509_STORE_CTX* store) {
  if (preverified == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsHooks& hooks = hooks_of(ssl);
  X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(store);
  hooks.failure.code = X509_STORE_CTX_get_error(store);
  hooks.failure.text = verify_text(hooks.failure.code, certificate, hooks.wanted_name);
  return 0;
}

std::string openssl_words() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(error)) return reason;
  return fmt::format("error {:#x}", error);
}

std::string tls_error_text(const TlsHooks& hooks) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (hooks.failure.code != X509_V_OK) {
    ERR_clear_error();
    return hooks.failure.text;
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
    return fmt::format("refused by peer: {}", alert_words());
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && is_not_tls(reason)) {
    return fmt::format("not a TLS server: what came back is no TLS ({})", openssl_words());
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    ERR_clear_error();
    return "bad certificate: the client gave none";
  }
  return fmt::format("broken: {}", openssl_words());
}

}  // namespace brunt
