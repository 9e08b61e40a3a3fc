#include "script/x509_certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "script/openssl_owned.h"

namespace brunt {
namespace {

struct SignatureName {
  int openssl;
  std::string_view name;
};
constexpr std::array<SignatureName, 13> signature_names = {
    {{NID_md2WithRSAEncryption, "MD2-RSA"},
     {NID_md5WithRSAEncryption, "MD5-RSA"},
     {NID_sha1WithRSAEncryption, "SHA1-RSA"},
     {NID_sha256WithRSAEncryption, "SHA256-RSA"},
     {NID_sha384WithRSAEncryption, "SHA384-RSA"},
     {NID_sha512WithRSAEncryption, "SHA512-RSA"},
     {NID_dsaWithSHA1, "DSA-SHA1"},
     {NID_dsa_with_SHA256, "DSA-SHA256"},
     {NID_ecdsa_with_SHA1, "ECDSA-SHA1"},
     {NID_ecdsa_with_SHA256, "ECDSA-SHA256"},
     {NID_ecdsa_with_SHA384, "ECDSA-SHA384"},
     {NID_ecdsa_with_SHA512, "ECDSA-SHA512"},
     {NID_ED25519, "Ed25519"}}};

std::string signature_name(const X509* certificate) {
  int digest = NID_undef;
  const int signature = X509_get_signature_nid(certificate);
  if (signature == NID_rsassaPss && X509_get_signature_info(const_cast<X509*>(certificate), &digest,
                                                            nullptr, nullptr, nullptr) == 1)
    return fmt::format("{}-RSAPSS", OBJ_nid2sn(digest));
  const auto* const found = std::ranges::find(signature_names, signature, &SignatureName::openssl);
  return found != signature_names.end() ? std::string(found->name) : "UnknownSignatureAlgorithm";
}

std::string utf8_of(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return {};
  std::string copy(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return copy;
}

DistinguishedName name_of(const X509_NAME* name) {
  DistinguishedName made;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    std::array<char, 128> type{};
    OBJ_obj2txt(type.data(), type.size(), X509_NAME_ENTRY_get_object(entry), 1);
    made.parts.emplace_back(type.data(), utf8_of(X509_NAME_ENTRY_get_data(entry)));
  }
  return made;
}

std::string time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string plain_text(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

std::vector<std::string> alternate_names_of(const X509* certificate) {
  const OpensslOwned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> found;
  for (const int kind : {GEN_DNS, GEN_EMAIL, GEN_IPADD, GEN_URI})
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
      const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
      if (name->type == kind)
        found.push_back(kind == GEN_IPADD ? address_of(name->d.ip) : plain_text(name->d.ia5));
    }
  return found;
}

void read_key(const EVP_PKEY* key, X509Certificate& certificate) {
  struct Number {
    const char *name, *openssl;
  };
  std::vector<Number> numbers;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      certificate.key_algorithm = "RSA";
      numbers = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}};
      break;
    case EVP_PKEY_DSA:
      certificate.key_algorithm = "DSA";
      numbers = {{"p", OSSL_PKEY_PARAM_FFC_P},
                 {"q", OSSL_PKEY_PARAM_FFC_Q},
                 {"g", OSSL_PKEY_PARAM_FFC_G},
                 {"y", OSSL_PKEY_PARAM_PUB_KEY}};
      break;
    case EVP_PKEY_EC: {
      certificate.key_algorithm = "ECDSA";
      numbers = {{"x", OSSL_PKEY_PARAM_EC_PUB_X}, {"y", OSSL_PKEY_PARAM_EC_PUB_Y}};
      std::array<char, 64> curve{};
      EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr);
      const char* known = EC_curve_nid2nist(OBJ_txt2nid(curve.data()));
      certificate.key["curve"] = known != nullptr ? known : curve.data();
      break;
    }
    default:
      return;
  }
  for (const auto& [name, openssl] : numbers) {
    BIGNUM* raw = nullptr;
    EVP_PKEY_get_bn_param(key, openssl, &raw);
    const OpensslOwned<BIGNUM> number(raw);
    if (!number) continue;
    char* const digits = BN_bn2hex(number.get());
    certificate.key[name] = digits;
    OPENSSL_free(digits);
  }
}

}  // namespace

std::vector<std::string> DistinguishedName::all(std::string_view type) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : parts)
    if (name == type) found.push_back(value);
  return found;
}

Result<X509Certificate> read_x509(std::string_view pem) {
  const OpensslOwned<BIO> stream(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char *kind = nullptr, *header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  if (!stream || PEM_read_bio(stream.get(), &kind, &header, &der, &size) != 1)
    return openssl_error("failed to decode certificate PEM file");
  const unsigned char* at = der;
  const OpensslOwned<X509> read(d2i_X509(nullptr, &at, size));
  OPENSSL_free(kind);
  OPENSSL_free(header);
  OPENSSL_free(der);
  if (!read)
    return openssl_error("failed to parse certificate: this PEM text holds no certificate");
  X509Certificate certificate{.subject = name_of(X509_get_subject_name(read.get())),
                              .issuer = name_of(X509_get_issuer_name(read.get())),
                              .not_before = time_of(X509_get0_notBefore(read.get())),
                              .not_after = time_of(X509_get0_notAfter(read.get())),
                              .alternate_names = alternate_names_of(read.get()),
                              .signature_algorithm = signature_name(read.get())};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  X509_digest(read.get(), EVP_sha1(), digest.data(), &digest_size);
  certificate.fingerprint.assign(reinterpret_cast<const char*>(digest.data()), digest_size);
  if (const EVP_PKEY* key = X509_get0_pubkey(read.get())) read_key(key, certificate);
  ERR_clear_error();
  return certificate;
}

}  // namespace brunt
