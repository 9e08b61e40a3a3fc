// What OpenSSL gives to its caller, freed at the end of a scope.
//
//   const OpensslOwned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, length));
//   if (!key) return openssl_error("this is no key of that format");
//
// For cryptography.cc, public_keys.cc and x509_certificate.cc only: headers of this layer name no
// type of OpenSSL's.
#pragma once
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

#include "base/result.h"

namespace brunt {

struct OpensslFreed {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
  void operator()(BIO* stream) const { BIO_free(stream); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename Thing>
using OpensslOwned = std::unique_ptr<Thing, OpensslFreed>;

// What went wrong, in our words: OpenSSL's queue of errors is emptied.
inline std::unexpected<Error> openssl_error(std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::invalid, std::string(what));
}

inline const unsigned char* openssl_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* openssl_bytes(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace brunt
