#include "script/public_keys.h"

#include <doctest/doctest.h>

#include "base/base64.h"
#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string start = R"(
const { subtle } = crypto;
const text = (s) => new TextEncoder().encode(s);
const show = (bytes) => new TextDecoder().decode(bytes);
const rsa = (name, uses) => subtle.generateKey({ name, modulusLength: 1024,
  publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, uses);
const ec = (name, uses, namedCurve = 'P-256') => subtle.generateKey({ name, namedCurve }, true, uses);
const signs = async (keys, given, other = given) => { const { privateKey, publicKey } = await keys;
  const signature = await subtle.sign(given, privateKey, text('a'));
  return [signature.byteLength, await subtle.verify(other, publicKey, signature, text('a')),
    await subtle.verify(given, publicKey, signature, text('b'))] };
// Out and in again in every format that a pair has.
const again = async (keys, algorithm) => { const { privateKey, publicKey } = await keys; const all = [];
  for (const [key, format] of [[privateKey, 'pkcs8'], [privateKey, 'jwk'], [publicKey, 'spki'], [publicKey, 'jwk']]) {
    const data = await subtle.exportKey(format, key);
    const twin = await subtle.importKey(format, data, algorithm, true, key.usages);
    all.push(JSON.stringify(await subtle.exportKey('jwk', twin)) === JSON.stringify(await subtle.exportKey('jwk', key)));
  } return all };
)";

}  // namespace

TEST_CASE("pairs of keys sign and verify") {
  check_expressions(
      start,
      {{"await signs(rsa('RSASSA-PKCS1-v1_5', ['sign', 'verify']), 'RSASSA-PKCS1-v1_5')",
        "[128,true,false]"},
       {"await signs(rsa('RSA-PSS', ['sign', 'verify']), { name: 'RSA-PSS', saltLength: 32 })",
        "[128,true,false]"},
       {"await signs(rsa('RSA-PSS', ['sign', 'verify']), { name: 'RSA-PSS', saltLength: 32 }, "
        "{ name: 'RSA-PSS', saltLength: 20 })",
        "[128,false,false]"},
       {"await signs(ec('ECDSA', ['sign', 'verify']), { name: 'ECDSA', hash: 'SHA-256' })",
        "[64,true,false]"},
       {"await signs(ec('ECDSA', ['sign', 'verify'], 'P-521'), { name: 'ECDSA', hash: 'SHA-512' })",
        "[132,true,false]"}});
}

TEST_CASE("pairs of keys go out and come in again") {
  check_expressions(
      start,
      {{"await again(rsa('RSA-PSS', ['sign', 'verify']), { name: 'RSA-PSS', hash: 'SHA-256' })",
        "[true,true,true,true]"},
       {"await again(ec('ECDSA', ['sign', 'verify'], 'P-384'), { name: 'ECDSA', namedCurve: "
        "'P-384' })",
        "[true,true,true,true]"},
       {"await (async () => { const { publicKey } = await ec('ECDH', ['deriveBits']); "
        "const raw = await subtle.exportKey('raw', publicKey); "
        "const twin = await subtle.importKey('raw', raw, { name: 'ECDH', namedCurve: 'P-256' }, "
        "true, []); "
        "return [raw.byteLength, twin.type, twin.algorithm] })()",
        R"([65,"public",{"name":"ECDH","namedCurve":"P-256"}])"},
       {"(await rsa('RSA-OAEP', ['encrypt', 'decrypt'])).publicKey.algorithm.modulusLength",
        "1024"},
       {"(await rsa('RSA-OAEP', ['encrypt', 'decrypt'])).privateKey.usages", R"(["decrypt"])"}});
}

TEST_CASE("secrets are encrypted for a key and agreed on by two pairs") {
  check_expressions(
      start,
      {{"await (async () => { const { privateKey, publicKey } = await rsa('RSA-OAEP', ['encrypt', "
        "'decrypt']); "
        "const label = text('l'); "
        "return show(await subtle.decrypt({ name: 'RSA-OAEP', label }, privateKey, "
        "await subtle.encrypt({ name: 'RSA-OAEP', label }, publicKey, text('hello')))) })()",
        "hello"},
       {"await (async () => { const [a, b] = [await ec('ECDH', ['deriveBits']), await ec('ECDH', "
        "['deriveBits'])]; "
        "const bits = (one, other) => subtle.deriveBits({ name: 'ECDH', public: other.publicKey }, "
        "one.privateKey, 128); "
        "return [String(new Uint8Array(await bits(a, b))) === String(new Uint8Array(await bits(b, "
        "a))), "
        "(await bits(a, b)).byteLength] })()",
        "[true,16]"},
       {"await (async () => { const [a, b] = [await ec('ECDH', ['deriveKey']), await ec('ECDH', "
        "['deriveKey'])]; "
        "return (await subtle.deriveKey({ name: 'ECDH', public: b.publicKey }, a.privateKey, "
        "{ name: 'AES-GCM', length: 256 }, true, ['encrypt'])).algorithm })()",
        R"({"name":"AES-GCM","length":256})"},
       {"await (async () => { const pair = await rsa('RSA-OAEP', ['wrapKey', 'unwrapKey']); "
        "const key = await subtle.generateKey({ name: 'AES-CBC', length: 128 }, true, "
        "['encrypt']); "
        "const wrapped = await subtle.wrapKey('raw', key, pair.publicKey, 'RSA-OAEP'); "
        "const twin = await subtle.unwrapKey('raw', wrapped, pair.privateKey, 'RSA-OAEP', "
        "'AES-CBC', true, ['encrypt']); "
        "return (await subtle.exportKey('jwk', key)).k === (await subtle.exportKey('jwk', twin)).k "
        "})()",
        "true"},
       {"await (async () => { const iv = new Uint8Array(12); "
        "const kek = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['wrapKey', "
        "'unwrapKey']); "
        "const { privateKey } = await ec('ECDSA', ['sign', 'verify']); "
        "const wrapped = await subtle.wrapKey('jwk', privateKey, kek, { name: 'AES-GCM', iv }); "
        "const twin = await subtle.unwrapKey('jwk', wrapped, kek, { name: 'AES-GCM', iv }, "
        "{ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']); return twin.type })()",
        "private"}});
}

TEST_CASE("keys that do not fit are refused") {
  check_expressions(
      start, {{"await rsa('RSA-PSS', ['encrypt'])",
               "SyntaxError: crypto.subtle: a key of RSA-PSS cannot be used to encrypt"},
              {"await ec('ECDSA', ['sign'], 'P-1')",
               "OperationError: crypto.subtle: the curve is one of P-256, P-384, P-521"},
              {"await subtle.importKey('spki', new Uint8Array(5), { name: 'ECDSA', namedCurve: "
               "'P-256' }, true, [])",
               "DataError: crypto.subtle: this is no key of that format"},
              {"await subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }, "
               "{ name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])",
               "DataError: crypto.subtle: the point has not the curve's size"},
              {"await subtle.generateKey({ name: 'RSA-PSS', modulusLength: 99, hash: 'SHA-1', "
               "publicExponent: new Uint8Array([3]) }, true, ['sign'])",
               "OperationError: crypto.subtle: an RSA key has 512 to 8192 bits"}});
}

TEST_CASE("a signature of somebody else is verified") {
  // RFC 7515, appendix A.3: ES256.
  const KeyParts parts = {{"crv", "P-256"},
                          {"x",
                           "\x7f\xcd\xce\x27\x70\xf6\xc4\x5d\x41\x83\xcb\xee\x6f\xdb\x4b\x7b\x58"
                           "\x07\x33\x35\x7b\xe9\xef\x13\xba\xcf\x6e\x3c\x7b\xd1\x54\x45"},
                          {"y",
                           "\xc7\xf1\x44\xcd\x1b\xbd\x9b\x7e\x87\x2c\xdf\xed\xb9\xee\xb9\xf4\xb3"
                           "\x69\x5d\x6e\xa9\x0b\x24\xad\x8a\x46\x23\x28\x85\x88\xe5\xad"}};
  const auto key = key_of_parts(parts);
  REQUIRE_MESSAGE(key.has_value(), key.error().text);
  const auto again = parts_of_key(*key, KeyHalf::public_half);
  REQUIRE(again);
  CHECK(again->at("x") == parts.at("x"));
  const SignatureCall call{.scheme = SignatureCall::Scheme::ecdsa, .hash = "sha256", .key = *key};
  const std::string signature =
      base64_decode(
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
          "Kg6NU1Q")
          .value();
  const std::string signed_text =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
      "bS9pc19yb290Ijp0cnVlfQ";
  CHECK(verify(call, signature, signed_text).value());
  CHECK(!verify(call, signature, signed_text + "x").value());
}

}  // namespace brunt
