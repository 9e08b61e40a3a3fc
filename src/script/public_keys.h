// Keys of RSA and elliptic curves for scripts: OpenSSL behind plain functions. A key is its DER: a
// private one PKCS 8, a public one SubjectPublicKeyInfo.
//
//   const PublicKeyPair pair = TRY(generate_ec_keys("P-256"));
//   const std::string signature = TRY(sign({.scheme = SignatureCall::Scheme::ecdsa,
//                                           .hash = "sha256", .key = pair.private_key}, bytes));
//
// For this layer only. Hashes are named as k6 names them: sha256. Errors of all: invalid (a key, a
// size), unsupported.
//
// Source: OpenSSL 3.0, EVP_PKEY-RSA(7), EVP_PKEY-EC(7); W3C Web Cryptography API.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

struct PublicKeyPair {
  std::string private_key, public_key;
};

Result<PublicKeyPair> generate_rsa_keys(std::uint32_t bits, std::uint64_t exponent);
Result<PublicKeyPair> generate_ec_keys(std::string_view curve);  // P-256, P-384, P-521

// What a key consists of, named as in a JSON Web Key, as bytes: n, e, d, p ... or x, y, d; with
// `crv` the curve's name; of a public EC key `raw` too, the point uncompressed.
using KeyParts = std::map<std::string, std::string, std::less<>>;
enum class KeyHalf : std::uint8_t { private_half, public_half };
Result<KeyParts> parts_of_key(std::string_view key, KeyHalf half);
// The DER again; of an EC key also from `crv` and `raw`. It is private where there is a `d`.
Result<std::string> key_of_parts(const KeyParts& parts);

struct SignatureCall {
  enum class Scheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa } scheme = Scheme::rsa_pkcs1;
  std::string_view hash;
  std::string_view key;
  std::uint32_t salt_bytes = 0;  // rsa_pss only.
};
// ECDSA's are r and s, each as long as the curve's field.
Result<std::string> sign(const SignatureCall& call, std::string_view bytes);
Result<bool> verify(const SignatureCall& call, std::string_view signature, std::string_view bytes);

struct OaepCall {
  bool encrypts = true;
  std::string_view hash, key, label;
};
Result<std::string> rsa_oaep(const OaepCall& call, std::string_view bytes);

// The shared secret of a private key and somebody else's public one.
Result<std::string> ecdh(std::string_view private_key, std::string_view public_key);

}  // namespace brunt
