// Digests, keyed digests and ciphers for scripts: OpenSSL behind plain functions.
//
//   Hasher hasher = TRY(Hasher::plain("sha256"));
//   hasher.update("abc");
//   const std::string digest = hasher.digest();
//
// For this layer only. Algorithms are named as k6 names them: md5, sha512_256.
// Source: OpenSSL 3.0, EVP_DigestInit(3), EVP_MAC(3), EVP_EncryptInit(3), PKCS5_PBKDF2_HMAC(3).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

class Hasher {
 public:
  // Errors: unsupported: no such algorithm.
  static Result<Hasher> plain(std::string_view algorithm);
  static Result<Hasher> keyed(std::string_view algorithm, std::string_view key);  // HMAC.

  void update(std::string_view bytes);
  std::string digest() const;  // Of what came so far; more may come.

  Hasher(Hasher&& other) noexcept;
  Hasher& operator=(Hasher&& other) noexcept;
  ~Hasher();

 private:
  struct State;
  explicit Hasher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// HMAC of a whole text. Errors: unsupported.
Result<std::string> hmac(std::string_view algorithm, std::string_view key, std::string_view bytes);
// The same time whatever differs.
bool equal_digests(std::string_view a, std::string_view b);

struct AesCall {
  enum class Mode : std::uint8_t { cbc, ctr, gcm } mode = Mode::cbc;
  bool encrypts = true;
  std::string_view key;         // 16, 24 or 32 bytes.
  std::string_view iv;          // CBC and CTR: 16 bytes; GCM: any but none.
  std::string_view additional;  // GCM only: what is covered and not encrypted.
  std::size_t tag_bytes = 16;   // GCM only; stands behind the encrypted bytes.
};
// CBC pads (PKCS 7). Errors: invalid: sizes; malformed: cannot be decrypted with this key.
Result<std::string> aes(const AesCall& call, std::string_view bytes);

struct Pbkdf2Call {
  std::string_view algorithm, password, salt;
  std::uint32_t iterations = 1;
  std::size_t bytes = 32;
};
Result<std::string> pbkdf2(const Pbkdf2Call& call);

}  // namespace brunt
