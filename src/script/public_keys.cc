#include "script/public_keys.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <vector>

#include "script/openssl_owned.h"

namespace brunt {
namespace {

struct Curve {
  std::string_view name;
  const char* openssl;
  std::size_t bytes;  // Of a coordinate.
};
constexpr std::array<Curve, 3> curves = {
    {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};

// What each part of an RSA key is called by OpenSSL.
struct RsaPart {
  const char *jwk, *openssl;
};
constexpr std::array<RsaPart, 8> rsa_parts = {{{"n", OSSL_PKEY_PARAM_RSA_N},
                                               {"e", OSSL_PKEY_PARAM_RSA_E},
                                               {"d", OSSL_PKEY_PARAM_RSA_D},
                                               {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                               {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                               {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                               {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                               {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};

Result<const EVP_MD*> digest_of(std::string_view hash) {
  if (hash == "sha1") return EVP_sha1();
  if (hash == "sha256") return EVP_sha256();
  if (hash == "sha384") return EVP_sha384();
  if (hash == "sha512") return EVP_sha512();
  return fail(ErrorCode::unsupported, fmt::format("the hash {} is not supported", hash));
}

Result<OpensslOwned<EVP_PKEY>> read_key(std::string_view der, KeyHalf half) {
  const unsigned char* at = openssl_bytes(der);
  const auto length = static_cast<long>(der.size());
  OpensslOwned<EVP_PKEY> key(half == KeyHalf::private_half
                                 ? d2i_AutoPrivateKey(nullptr, &at, length)
                                 : d2i_PUBKEY(nullptr, &at, length));
  if (!key || at != openssl_bytes(der) + der.size())
    return openssl_error("this is no key of that format");
  return key;
}

Result<std::string> write_key(EVP_PKEY* key, KeyHalf half) {
  unsigned char* der = nullptr;
  int length = 0;
  if (half == KeyHalf::private_half) {
    const OpensslOwned<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key));
    length = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : -1;
  } else {
    length = i2d_PUBKEY(key, &der);
  }
  if (length <= 0) return openssl_error("the key cannot be written");
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_clear_free(der, static_cast<std::size_t>(length));
  return bytes;
}

Result<PublicKeyPair> pair_of(EVP_PKEY* made) {
  const OpensslOwned<EVP_PKEY> key(made);
  if (!key) return openssl_error("the keys cannot be made");
  PublicKeyPair pair;
  pair.private_key = TRY(write_key(key.get(), KeyHalf::private_half));
  pair.public_key = TRY(write_key(key.get(), KeyHalf::public_half));
  return pair;
}

// "" where the key has no such number. `size`: at least so many bytes.
std::string number_of(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const OpensslOwned<BIGNUM> number(raw);
  std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(number.get()))), '\0');
  BN_bn2binpad(number.get(), openssl_bytes(bytes), static_cast<int>(bytes.size()));
  return bytes;
}

Result<Curve> curve_of(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                     nullptr) != 1)
    return openssl_error("this is no key of an elliptic curve");
  const auto* const found =
      std::ranges::find(curves, std::string_view(name.data()), &Curve::openssl);
  if (found == curves.end()) return openssl_error("the key's curve is not supported");
  return *found;
}

// Parameters of a key while it is put together; they keep the numbers.
class KeyBuilder {
 public:
  void number(const char* name, std::string_view bytes) {
    numbers_.emplace_back(BN_bin2bn(openssl_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
  }
  void text(const char* name, const char* value) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0);
  }
  void octets(const char* name, std::string_view bytes) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, bytes.data(), bytes.size());
  }
  Result<std::string> build(const char* kind, KeyHalf half) {
    const OpensslOwned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder_.get()));
    const OpensslOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* raw = nullptr;
    const int selection = half == KeyHalf::private_half ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, selection, parameters.get()) != 1)
      return openssl_error("these parts make no key");
    const OpensslOwned<EVP_PKEY> key(raw);
    const OpensslOwned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
    if (EVP_PKEY_public_check_quick(check.get()) != 1)
      return openssl_error("these parts make no key");
    return write_key(key.get(), half);
  }

 private:
  OpensslOwned<OSSL_PARAM_BLD> builder_{OSSL_PARAM_BLD_new()};
  std::vector<OpensslOwned<BIGNUM>> numbers_;
};

std::string_view part(const KeyParts& parts, std::string_view name) {
  const auto found = parts.find(name);
  return found != parts.end() ? std::string_view(found->second) : std::string_view();
}

Result<std::string> ec_key_of(const KeyParts& parts) {
  const auto* const curve = std::ranges::find(curves, part(parts, "crv"), &Curve::name);
  if (curve == curves.end()) return openssl_error("the curve is one of P-256, P-384, P-521");
  std::string point(part(parts, "raw"));
  if (point.empty()) point = std::string(1, '\4').append(part(parts, "x")).append(part(parts, "y"));
  if (point.size() != 1 + 2 * curve->bytes)
    return openssl_error("the point has not the curve's size");
  KeyBuilder builder;
  builder.text(OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl);
  builder.octets(OSSL_PKEY_PARAM_PUB_KEY, point);
  if (!parts.contains("d")) return builder.build("EC", KeyHalf::public_half);
  builder.number(OSSL_PKEY_PARAM_PRIV_KEY, part(parts, "d"));
  return builder.build("EC", KeyHalf::private_half);
}

// DER of OpenSSL to the two numbers, or back.
Result<std::string> fixed_of_der(std::string_view der, std::size_t size) {
  const unsigned char* at = openssl_bytes(der);
  const OpensslOwned<ECDSA_SIG> parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!parsed) return openssl_error("no signature was made");
  std::string fixed(2 * size, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), openssl_bytes(fixed), static_cast<int>(size));
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), openssl_bytes(fixed) + size, static_cast<int>(size));
  return fixed;
}

std::string der_of_fixed(std::string_view fixed) {
  const std::size_t size = fixed.size() / 2;
  const OpensslOwned<ECDSA_SIG> made(ECDSA_SIG_new());
  // Takes both numbers.
  ECDSA_SIG_set0(made.get(), BN_bin2bn(openssl_bytes(fixed), static_cast<int>(size), nullptr),
                 BN_bin2bn(openssl_bytes(fixed) + size, static_cast<int>(size), nullptr));
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(made.get(), &der);
  std::string bytes(reinterpret_cast<const char*>(der),
                    static_cast<std::size_t>(std::max(0, length)));
  OPENSSL_free(der);
  return bytes;
}

bool set_padding(EVP_PKEY_CTX* context, const SignatureCall& call) {
  using Scheme = SignatureCall::Scheme;
  if (call.scheme == Scheme::ecdsa) return true;
  if (call.scheme == Scheme::rsa_pkcs1)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(call.salt_bytes)) == 1;
}

}  // namespace

Result<PublicKeyPair> generate_rsa_keys(std::uint32_t bits, std::uint64_t exponent) {
  if (bits < 512 || bits > 8192 || bits % 8 != 0)
    return openssl_error("an RSA key has 512 to 8192 bits");
  if (exponent != 65537 && exponent != 3)
    return openssl_error("the public exponent of an RSA key is 65537 or 3");
  const OpensslOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const OpensslOwned<BIGNUM> number(BN_new());
  BN_set_word(number.get(), exponent);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) != 1 ||
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1)
    return openssl_error("the keys cannot be made");
  return pair_of(key);
}

Result<PublicKeyPair> generate_ec_keys(std::string_view curve) {
  const auto* const found = std::ranges::find(curves, curve, &Curve::name);
  if (found == curves.end()) return openssl_error("the curve is one of P-256, P-384, P-521");
  return pair_of(EVP_EC_gen(found->openssl));
}

Result<KeyParts> parts_of_key(std::string_view der, KeyHalf half) {
  const OpensslOwned<EVP_PKEY> key = TRY(read_key(der, half));
  KeyParts parts;
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    for (const auto& [name, openssl] : rsa_parts)
      if (std::string number = number_of(key.get(), openssl); !number.empty())
        parts[name] = std::move(number);
    return parts;
  }
  const Curve curve = TRY(curve_of(key.get()));
  parts["crv"] = curve.name;
  parts["x"] = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, curve.bytes);
  parts["y"] = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, curve.bytes);
  if (half == KeyHalf::private_half)
    parts["d"] = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, curve.bytes);
  else
    parts["raw"] = std::string(1, '\4') + parts["x"] + parts["y"];
  return parts;
}

Result<std::string> key_of_parts(const KeyParts& parts) {
  if (parts.contains("crv")) return ec_key_of(parts);
  if (!parts.contains("n") || !parts.contains("e")) return openssl_error("these parts make no key");
  KeyBuilder builder;
  for (const auto& [name, openssl] : rsa_parts)
    if (parts.contains(name)) builder.number(openssl, part(parts, name));
  return builder.build("RSA", parts.contains("d") ? KeyHalf::private_half : KeyHalf::public_half);
}

Result<std::string> sign(const SignatureCall& call, std::string_view bytes) {
  const EVP_MD* digest = TRY(digest_of(call.hash));
  const OpensslOwned<EVP_PKEY> key = TRY(read_key(call.key, KeyHalf::private_half));
  const OpensslOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  std::size_t length = 0;
  if (EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key.get()) != 1 ||
      !set_padding(parameters, call) ||
      EVP_DigestSign(context.get(), nullptr, &length, openssl_bytes(bytes), bytes.size()) != 1)
    return openssl_error("no signature was made");
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), openssl_bytes(signature), &length, openssl_bytes(bytes),
                     bytes.size()) != 1)
    return openssl_error("no signature was made: the key is too short for this hash and salt");
  signature.resize(length);
  if (call.scheme != SignatureCall::Scheme::ecdsa) return signature;
  return fixed_of_der(signature, TRY(curve_of(key.get())).bytes);
}

Result<bool> verify(const SignatureCall& call, std::string_view signature, std::string_view bytes) {
  const EVP_MD* digest = TRY(digest_of(call.hash));
  const OpensslOwned<EVP_PKEY> key = TRY(read_key(call.key, KeyHalf::public_half));
  const OpensslOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key.get()) != 1 ||
      !set_padding(parameters, call))
    return openssl_error("the key is for something else");
  std::string der(signature);
  if (call.scheme == SignatureCall::Scheme::ecdsa) {
    if (signature.size() != 2 * TRY(curve_of(key.get())).bytes) return false;
    der = der_of_fixed(signature);
  }
  const bool is_right = EVP_DigestVerify(context.get(), openssl_bytes(std::string_view(der)),
                                         der.size(), openssl_bytes(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return is_right;
}

Result<std::string> rsa_oaep(const OaepCall& call, std::string_view bytes) {
  const EVP_MD* digest = TRY(digest_of(call.hash));
  const OpensslOwned<EVP_PKEY> key =
      TRY(read_key(call.key, call.encrypts ? KeyHalf::public_half : KeyHalf::private_half));
  const OpensslOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  const auto run = call.encrypts ? EVP_PKEY_encrypt : EVP_PKEY_decrypt;
  const int begun =
      call.encrypts ? EVP_PKEY_encrypt_init(context.get()) : EVP_PKEY_decrypt_init(context.get());
  if (begun != 1 || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), digest) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest) != 1)
    return openssl_error("the key is for something else");
  if (!call.label.empty()) {
    void* label = OPENSSL_memdup(call.label.data(), call.label.size());  // The context frees it.
    EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), label, static_cast<int>(call.label.size()));
  }
  std::size_t length = 0;
  if (run(context.get(), nullptr, &length, openssl_bytes(bytes), bytes.size()) != 1)
    return openssl_error("the bytes do not fit the key");
  std::string out(length, '\0');
  if (run(context.get(), openssl_bytes(out), &length, openssl_bytes(bytes), bytes.size()) != 1)
    return openssl_error(call.encrypts ? "the bytes are too many for the key"
                                       : "the bytes cannot be decrypted");
  out.resize(length);
  return out;
}

Result<std::string> ecdh(std::string_view private_key, std::string_view public_key) {
  const OpensslOwned<EVP_PKEY> mine = TRY(read_key(private_key, KeyHalf::private_half));
  const OpensslOwned<EVP_PKEY> theirs = TRY(read_key(public_key, KeyHalf::public_half));
  const OpensslOwned<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
  std::size_t length = 0;
  if (EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), nullptr, &length) != 1)
    return openssl_error("the two keys are not of one curve");
  std::string secret(length, '\0');
  if (EVP_PKEY_derive(context.get(), openssl_bytes(secret), &length) != 1)
    return openssl_error("the two keys make no secret");
  secret.resize(length);
  return secret;
}

}  // namespace brunt
