#include "net/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "loop/endpoint.h"

namespace brunt {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using X509Ptr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

constexpr std::int64_t day_s = 24 * 3600;

struct Issuer {
  X509Ptr certificate;
  KeyPtr key;
};

BioPtr reader_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<Issuer> read_issuer(const Certificate& issuer) {
  Issuer out{
      X509Ptr(PEM_read_bio_X509(reader_of(issuer.certificate).get(), nullptr, nullptr, nullptr)),
      KeyPtr(PEM_read_bio_PrivateKey(reader_of(issuer.key).get(), nullptr, nullptr, nullptr))};
  if (!out.certificate || !out.key)
    return fail(ErrorCode::invalid, "the issuer's certificate or key is no PEM text");
  return out;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (extension) X509_add_ext(certificate, extension.get(), -1);
}

// "DNS:localhost,IP:127.0.0.1"; names with characters that no host has (an authority's) are left
// out.
std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (name.find_first_of(" ,:\n") != std::string::npos && !Endpoint::from_ip(name, 0)) continue;
    if (!out.empty()) out += ',';
    out += (Endpoint::from_ip(name, 0) ? "IP:" : "DNS:") + name;
  }
  return out;
}

void set_times(X509* certificate, const CertificateRequest& request) {
  const std::int64_t now_s = wall_now().unix_ns / 1'000'000'000;
  const auto seconds = [](WallTime time, std::int64_t otherwise) {
    return static_cast<time_t>(time.unix_ns == 0 ? otherwise : time.unix_ns / 1'000'000'000);
  };
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(request.not_before, now_s - day_s));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(request.not_after, now_s + 30 * day_s));
}

void set_subject(X509* certificate, const std::string& name) {
  // 64 is what RFC 5280 allows for a common name.
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(std::min<std::size_t>(name.size(), 64)), -1, 0);
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateRequest& request,
                                      const Certificate* issuer) {
  if (request.names.empty()) return fail(ErrorCode::invalid, "a certificate needs a name");
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  std::uint64_t serial = 0;
  if (!key || !certificate ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
    return fail(ErrorCode::io, "OpenSSL could not make a key");
  Issuer signer;
  if (issuer != nullptr) signer = TRY(read_issuer(*issuer));
  X509* parent = signer.certificate ? signer.certificate.get() : certificate.get();

  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1u);
  set_times(certificate.get(), request);
  set_subject(certificate.get(), request.names.front());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent));
  X509_set_pubkey(certificate.get(), key.get());
  add_extension(certificate.get(), parent, NID_basic_constraints,
                issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate.get(), parent, NID_subject_key_identifier, "hash");
  const std::string names = alternative_names(request.names);
  if (!names.empty()) add_extension(certificate.get(), parent, NID_subject_alt_name, names);
  if (X509_sign(certificate.get(), signer.key ? signer.key.get() : key.get(), EVP_sha256()) == 0)
    return fail(ErrorCode::io, "OpenSSL could not sign the certificate");

  const BioPtr certificate_out(BIO_new(BIO_s_mem()));
  const BioPtr key_out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    return fail(ErrorCode::io, "OpenSSL could not write the certificate");
  return Certificate{text_of(certificate_out.get()), text_of(key_out.get())};
}

}  // namespace brunt
