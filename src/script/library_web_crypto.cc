// What is native in library/web_crypto.js.
#include <fmt/format.h>

#include <array>

#include "base/base64.h"
#include "script/cryptography.h"
#include "script/library.h"
#include "script/public_keys.h"
#include "script/script_bytes.h"

namespace brunt {
namespace {

JSValue given(JSContext* context, const Result<std::string>& bytes) {
  return bytes ? js_array_buffer(context, *bytes) : throw_error(context, bytes.error().text);
}

JSValue js_digest(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string bytes;
  auto hasher = Hasher::plain(text_of(context, arguments[0]));
  if (!hasher) return throw_error(context, hasher.error().text);
  if (!read_bytes(context, arguments[1], bytes)) return js_exception;
  hasher->update(bytes);
  return js_array_buffer(context, hasher->digest());
}

JSValue js_hmac(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string key, bytes;
  if (!read_bytes(context, arguments[1], key) || !read_bytes(context, arguments[2], bytes))
    return js_exception;
  return given(context, hmac(text_of(context, arguments[0]), key, bytes));
}

JSValue js_equal(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string a, b;
  if (!read_bytes(context, arguments[0], a) || !read_bytes(context, arguments[1], b))
    return js_exception;
  return js_bool(equal_digests(a, b));
}

// (mode, encrypts, key, iv, bytes, additional, tag bytes)
JSValue js_aes(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const std::string mode = text_of(context, arguments[0]);
  std::string key, iv, bytes, additional;
  std::uint32_t tag_bytes = 0;
  if (!read_bytes(context, arguments[2], key) || !read_bytes(context, arguments[3], iv) ||
      !read_bytes(context, arguments[4], bytes) || !read_bytes(context, arguments[5], additional) ||
      JS_ToUint32(context, &tag_bytes, arguments[6]) < 0)
    return js_exception;
  return given(context, aes({.mode = mode == "cbc"   ? AesCall::Mode::cbc
                                     : mode == "ctr" ? AesCall::Mode::ctr
                                                     : AesCall::Mode::gcm,
                             .encrypts = JS_ToBool(context, arguments[1]) > 0,
                             .key = key,
                             .iv = iv,
                             .additional = additional,
                             .tag_bytes = tag_bytes},
                            bytes));
}

JSValue js_pbkdf2(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const std::string algorithm = text_of(context, arguments[0]);
  std::string password, salt;
  std::uint32_t iterations = 0, size = 0;
  if (!read_bytes(context, arguments[1], password) || !read_bytes(context, arguments[2], salt) ||
      JS_ToUint32(context, &iterations, arguments[3]) < 0 ||
      JS_ToUint32(context, &size, arguments[4]) < 0)
    return js_exception;
  return given(context, pbkdf2({.algorithm = algorithm,
                                .password = password,
                                .salt = salt,
                                .iterations = iterations,
                                .bytes = size}));
}

JSValue js_random(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::uint32_t size = 0;
  if (JS_ToUint32(context, &size, arguments[0]) < 0) return js_exception;
  return js_array_buffer(context, random_bytes(context, size));
}

// RFC 9562, section 5.4.
JSValue js_uuid(JSContext* context, JSValueConst, int, JSValueConst*) {
  const std::string drawn = random_bytes(context, 16);
  std::string text;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    auto byte = static_cast<unsigned char>(drawn[i]);
    if (i == 6) byte = static_cast<unsigned char>((byte & 0x0FU) | 0x40U);
    if (i == 8) byte = static_cast<unsigned char>((byte & 0x3FU) | 0x80U);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", byte);
  }
  return js_string(context, text);
}

JSValue js_from_base64_url(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return given(context, base64_decode(text_of(context, arguments[0])));
}

JSValue js_to_base64_url(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string bytes;
  if (!read_bytes(context, arguments[0], bytes)) return js_exception;
  return js_string(context, base64url_encode(bytes));
}

JSValue given_keys(JSContext* context, const Result<PublicKeyPair>& keys) {
  if (!keys) return throw_error(context, keys.error().text);
  const JSValue pair = JS_NewObject(context);
  set_property(context, pair, "private", js_array_buffer(context, keys->private_key));
  set_property(context, pair, "public", js_array_buffer(context, keys->public_key));
  return pair;
}

// (bits, exponent)
JSValue js_rsa_keys(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::uint32_t bits = 0, exponent = 0;
  if (JS_ToUint32(context, &bits, arguments[0]) < 0 ||
      JS_ToUint32(context, &exponent, arguments[1]) < 0)
    return js_exception;
  return given_keys(context, generate_rsa_keys(bits, exponent));
}

JSValue js_ec_keys(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return given_keys(context, generate_ec_keys(text_of(context, arguments[0])));
}

// (key, is private)
JSValue js_key_parts(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string key;
  if (!read_bytes(context, arguments[0], key)) return js_exception;
  const auto parts = parts_of_key(
      key, JS_ToBool(context, arguments[1]) > 0 ? KeyHalf::private_half : KeyHalf::public_half);
  if (!parts) return throw_error(context, parts.error().text);
  const JSValue object = JS_NewObject(context);
  for (const auto& [name, value] : *parts)
    set_property(context, object, name.c_str(),
                 name == "crv" ? js_string(context, value) : js_array_buffer(context, value));
  return object;
}

JSValue js_key_of(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  KeyParts parts;
  bool is_read = true;
  for_each_property(context, arguments[0], [&](const std::string& name, JSValueConst value) {
    is_read = read_bytes(context, value, parts[name]);
    return is_read;
  });
  return is_read ? given(context, key_of_parts(parts)) : js_exception;
}

// (scheme, hash, key, salt bytes): with what they view.
struct SignatureArguments {
  SignatureArguments(JSContext* context, JSValueConst* arguments)
      : scheme(text_of(context, arguments[0])), hash(text_of(context, arguments[1])) {
    is_read = read_bytes(context, arguments[2], key) &&
              JS_ToUint32(context, &salt_bytes, arguments[3]) >= 0;
  }
  SignatureCall call() const {
    using Scheme = SignatureCall::Scheme;
    return {.scheme = scheme == "ecdsa" ? Scheme::ecdsa
                      : scheme == "pss" ? Scheme::rsa_pss
                                        : Scheme::rsa_pkcs1,
            .hash = hash,
            .key = key,
            .salt_bytes = salt_bytes};
  }
  std::string scheme, hash, key;
  std::uint32_t salt_bytes = 0;
  bool is_read = false;
};

// (... as above, bytes)
JSValue js_sign(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const SignatureArguments signing(context, arguments);
  std::string bytes;
  if (!signing.is_read || !read_bytes(context, arguments[4], bytes)) return js_exception;
  return given(context, sign(signing.call(), bytes));
}

// (... as above, signature, bytes)
JSValue js_verify(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const SignatureArguments verifying(context, arguments);
  std::string signature, bytes;
  if (!verifying.is_read || !read_bytes(context, arguments[4], signature) ||
      !read_bytes(context, arguments[5], bytes))
    return js_exception;
  const auto is_right = verify(verifying.call(), signature, bytes);
  return is_right ? js_bool(*is_right) : throw_error(context, is_right.error().text);
}

// (encrypts, hash, key, label, bytes)
JSValue js_oaep(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const std::string hash = text_of(context, arguments[1]);
  std::string key, label, bytes;
  if (!read_bytes(context, arguments[2], key) || !read_bytes(context, arguments[3], label) ||
      !read_bytes(context, arguments[4], bytes))
    return js_exception;
  return given(context, rsa_oaep({.encrypts = JS_ToBool(context, arguments[0]) > 0,
                                  .hash = hash,
                                  .key = key,
                                  .label = label},
                                 bytes));
}

JSValue js_ecdh(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string mine, theirs;
  if (!read_bytes(context, arguments[0], mine) || !read_bytes(context, arguments[1], theirs))
    return js_exception;
  return given(context, ecdh(mine, theirs));
}

JSValue js_utf8(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return js_array_buffer(context, text_of(context, arguments[0]));
}

constexpr std::array<JsFunction, 18> natives = {{{"digest", js_digest, 2},
                                                 {"rsaKeys", js_rsa_keys, 2},
                                                 {"ecKeys", js_ec_keys, 1},
                                                 {"keyParts", js_key_parts, 2},
                                                 {"keyOf", js_key_of, 1},
                                                 {"sign", js_sign, 5},
                                                 {"verify", js_verify, 6},
                                                 {"oaep", js_oaep, 5},
                                                 {"ecdh", js_ecdh, 2},
                                                 {"utf8", js_utf8, 1},
                                                 {"hmac", js_hmac, 3},
                                                 {"equal", js_equal, 2},
                                                 {"aes", js_aes, 7},
                                                 {"pbkdf2", js_pbkdf2, 5},
                                                 {"random", js_random, 1},
                                                 {"uuid", js_uuid, 0},
                                                 {"fromBase64Url", js_from_base64_url, 1},
                                                 {"toBase64Url", js_to_base64_url, 1}}};

}  // namespace

std::span<const JsFunction> web_crypto_natives() {
  return natives;
}

}  // namespace brunt
