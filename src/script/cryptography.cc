#include "script/cryptography.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>
#include <climits>

#include "base/assert.h"
#include "script/openssl_owned.h"

namespace brunt {
namespace {

struct Algorithm {
  std::string_view name;
  const char* openssl;
};
constexpr std::array<Algorithm, 9> algorithms = {{{"md4", "MD4"},
                                                  {"md5", "MD5"},
                                                  {"sha1", "SHA1"},
                                                  {"sha256", "SHA256"},
                                                  {"sha384", "SHA384"},
                                                  {"sha512", "SHA512"},
                                                  {"sha512_224", "SHA512-224"},
                                                  {"sha512_256", "SHA512-256"},
                                                  {"ripemd160", "RIPEMD160"}}};

// Digests are looked up once for the process. MD4 lives with OpenSSL's old algorithms, which have a
// library context of their own here, so that nothing else can come to use them.
struct Digests {
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
  std::array<EVP_MD*, algorithms.size()> found{};
  EVP_MAC* hmac = nullptr;

  Digests() {
    for (const char* provider : {"default", "legacy"}) OSSL_PROVIDER_load(library, provider);
    for (std::size_t i = 0; i < algorithms.size(); ++i)
      found[i] = EVP_MD_fetch(library, algorithms[i].openssl, nullptr);
    hmac = EVP_MAC_fetch(library, "HMAC", nullptr);
  }
};

const Digests& digests() {
  static const Digests all;
  return all;
}

Result<std::size_t> place_of(std::string_view algorithm) {
  for (std::size_t i = 0; i < algorithms.size(); ++i)
    if (algorithms[i].name == algorithm && digests().found[i] != nullptr) return i;
  return fail(ErrorCode::unsupported, fmt::format("no such hash algorithm: {}", algorithm));
}

}  // namespace

struct Hasher::State {
  OpensslOwned<EVP_MD_CTX> plain;
  OpensslOwned<EVP_MAC_CTX> keyed;
};

Hasher::Hasher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hasher::Hasher(Hasher&& other) noexcept = default;
Hasher& Hasher::operator=(Hasher&& other) noexcept = default;
Hasher::~Hasher() = default;

Result<Hasher> Hasher::plain(std::string_view algorithm) {
  const std::size_t place = TRY(place_of(algorithm));
  auto state = std::make_unique<State>();
  state->plain.reset(EVP_MD_CTX_new());
  ASSERT(EVP_DigestInit_ex2(state->plain.get(), digests().found[place], nullptr) == 1);
  return Hasher(std::move(state));
}

Result<Hasher> Hasher::keyed(std::string_view algorithm, std::string_view key) {
  const std::size_t place = TRY(place_of(algorithm));
  auto state = std::make_unique<State>();
  state->keyed.reset(EVP_MAC_CTX_new(digests().hmac));
  std::string name = algorithms[place].openssl;
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
      OSSL_PARAM_construct_end()};
  // An empty key is a key: a null pointer would mean none.
  const unsigned char* start =
      key.empty() ? openssl_bytes(std::string_view("")) : openssl_bytes(key);
  ASSERT(EVP_MAC_init(state->keyed.get(), start, key.size(), parameters.data()) == 1);
  return Hasher(std::move(state));
}

void Hasher::update(std::string_view bytes) {
  ASSERT(state_->plain
             ? EVP_DigestUpdate(state_->plain.get(), bytes.data(), bytes.size()) == 1
             : EVP_MAC_update(state_->keyed.get(), openssl_bytes(bytes), bytes.size()) == 1);
}

std::string Hasher::digest() const {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  if (state_->plain) {
    const OpensslOwned<EVP_MD_CTX> copy(EVP_MD_CTX_new());
    unsigned written = 0;
    ASSERT(EVP_MD_CTX_copy_ex(copy.get(), state_->plain.get()) == 1);
    ASSERT(EVP_DigestFinal_ex(copy.get(), openssl_bytes(digest), &written) == 1);
    size = written;
  } else {
    const OpensslOwned<EVP_MAC_CTX> copy(EVP_MAC_CTX_dup(state_->keyed.get()));
    ASSERT(EVP_MAC_final(copy.get(), openssl_bytes(digest), &size, digest.size()) == 1);
  }
  digest.resize(size);
  return digest;
}

Result<std::string> hmac(std::string_view algorithm, std::string_view key, std::string_view bytes) {
  Hasher hasher = TRY(Hasher::keyed(algorithm, key));
  hasher.update(bytes);
  return hasher.digest();
}

bool equal_digests(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

const EVP_CIPHER* cipher_of(const AesCall& call) {
  using Make = const EVP_CIPHER* (*)();
  static constexpr std::array<std::array<Make, 3>, 3> ciphers = {
      {{EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc},
       {EVP_aes_128_ctr, EVP_aes_192_ctr, EVP_aes_256_ctr},
       {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm}}};
  return ciphers[static_cast<std::size_t>(call.mode)][call.key.size() / 8 - 2]();
}

Result<> check_sizes(const AesCall& call, std::string_view bytes) {
  if (call.key.size() != 16 && call.key.size() != 24 && call.key.size() != 32)
    return fail(ErrorCode::invalid, "an AES key has 16, 24 or 32 bytes");
  const bool is_gcm = call.mode == AesCall::Mode::gcm;
  if (is_gcm ? call.iv.empty() || call.iv.size() > 1024 : call.iv.size() != 16)
    return fail(ErrorCode::invalid, is_gcm ? "AES-GCM: the iv is empty or too long"
                                           : "AES: the iv or counter has 16 bytes");
  if (is_gcm && (call.tag_bytes < 4 || call.tag_bytes > 16))
    return fail(ErrorCode::invalid, "AES-GCM: the tag has 32 to 128 bits");
  if (bytes.size() > INT_MAX - 32 || call.additional.size() > INT_MAX)
    return fail(ErrorCode::too_large, "too many bytes to encrypt at once");
  return {};
}

}  // namespace

Result<std::string> aes(const AesCall& call, std::string_view bytes) {
  TRY(check_sizes(call, bytes));
  const bool is_gcm = call.mode == AesCall::Mode::gcm;
  const auto undecipherable = fail(ErrorCode::malformed, "the bytes cannot be decrypted");
  std::string tag(call.tag_bytes, '\0');
  if (is_gcm && !call.encrypts) {
    if (bytes.size() < tag.size()) return undecipherable;
    tag = bytes.substr(bytes.size() - tag.size());
    bytes.remove_suffix(tag.size());
  }
  const OpensslOwned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* cipher = context.get();
  const int tag_size = static_cast<int>(tag.size());
  bool good = EVP_CipherInit_ex(cipher, cipher_of(call), nullptr, nullptr, nullptr,
                                call.encrypts ? 1 : 0) == 1;
  if (is_gcm)
    good = good && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_IVLEN,
                                       static_cast<int>(call.iv.size()), nullptr) == 1;
  good = good && EVP_CipherInit_ex(cipher, nullptr, nullptr, openssl_bytes(call.key),
                                   openssl_bytes(call.iv), -1) == 1;
  int written = 0, rest = 0;
  if (is_gcm && !call.additional.empty())
    good = good && EVP_CipherUpdate(cipher, nullptr, &written, openssl_bytes(call.additional),
                                    static_cast<int>(call.additional.size())) == 1;
  std::string out(bytes.size() + 32, '\0');
  good = good && EVP_CipherUpdate(cipher, openssl_bytes(out), &written, openssl_bytes(bytes),
                                  static_cast<int>(bytes.size())) == 1;
  if (is_gcm && !call.encrypts)
    good = good && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1;
  good = good && EVP_CipherFinal_ex(cipher, openssl_bytes(out) + written, &rest) == 1;
  if (!good) return undecipherable;
  out.resize(static_cast<std::size_t>(written + rest));
  if (is_gcm && call.encrypts) {
    ASSERT(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1);
    out += tag;
  }
  return out;
}

Result<std::string> pbkdf2(const Pbkdf2Call& call) {
  const std::size_t place = TRY(place_of(call.algorithm));
  constexpr std::size_t bytes_max = 1u << 20u;
  if (call.iterations == 0 || call.iterations > INT_MAX || call.bytes == 0 ||
      call.bytes > bytes_max || call.password.size() > INT_MAX || call.salt.size() > INT_MAX)
    return fail(ErrorCode::invalid, "PBKDF2: iterations and length are numbers above 0");
  std::string out(call.bytes, '\0');
  ASSERT(PKCS5_PBKDF2_HMAC(call.password.data(), static_cast<int>(call.password.size()),
                           openssl_bytes(call.salt), static_cast<int>(call.salt.size()),
                           static_cast<int>(call.iterations), digests().found[place],
                           static_cast<int>(out.size()), openssl_bytes(out)) == 1);
  return out;
}

}  // namespace brunt
