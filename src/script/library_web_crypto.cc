// What is native in library/web_crypto.js.
#include <fmt/format.h>

#include <array>

#include "base/base64.h"
#include "script/cryptography.h"
#include "script/library.h"
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

constexpr std::array<JsFunction, 9> natives = {{{"digest", js_digest, 2},
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
