#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {

TEST_CASE("k6 crypto gives digests in each encoding") {
  check_expressions(
      "import crypto, { sha256, hmac, createHash, createHMAC, randomBytes, hexEncode } from "
      "'k6/crypto';\nconst bytes = new Uint8Array([97, 98, 99]);",
      {{"sha256('abc', 'hex')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
       {"crypto.md5('abc', 'base64')", "kAFQmDzST7DWlj99KOF/cg=="},
       {"crypto.md5('abc', 'base64url')", "kAFQmDzST7DWlj99KOF_cg=="},
       {"crypto.md5('abc', 'base64rawurl')", "kAFQmDzST7DWlj99KOF_cg"},
       {"new Uint8Array(crypto.md5('abc', 'binary')).join()",
        "144,1,80,152,60,210,79,176,214,150,63,125,40,225,127,114"},
       {"crypto.md5(bytes, 'hex')", "900150983cd24fb0d6963f7d28e17f72"},
       {"crypto.md5(bytes.buffer, 'hex')", "900150983cd24fb0d6963f7d28e17f72"},
       {"crypto.md5(bytes.subarray(0, 0), 'hex')", "d41d8cd98f00b204e9800998ecf8427e"},
       {"crypto.md5(new DataView(bytes.buffer, 1, 1), 'hex') === crypto.md5('b', 'hex')", "true"},
       {"crypto.md4('abc', 'hex')", "a448017aaf21d8525fc10ae87aa6729d"},
       {"crypto.ripemd160('abc', 'hex')", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
       {"hmac('sha256', 'Jefe', 'what do ya want for nothing?', 'hex')",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
       {"createHash('sha1').update('a').update('bc').digest('hex')",
        "a9993e364706816aba3e25717850c26c9cd0d89d"},
       {"((h) => { h.update('Hi'); h.update(' There'); return h.digest('hex') })"
        "(createHMAC('sha1', new Uint8Array(20).fill(11)))",
        "b617318655057264e28bc0b6fb378c8ef146be00"},
       {"hexEncode(bytes)", "616263"},
       {"randomBytes(9).byteLength", "9"},
       {"hexEncode(randomBytes(8)) !== hexEncode(randomBytes(8))", "true"},
       {"crypto.md5('abc')",
        "Error: invalid output encoding: undefined: there are hex, base64, base64url, "
        "base64rawurl and binary"},
       {"createHash('sha3')", "Error: no such hash algorithm: sha3"},
       {"randomBytes(0)", "Error: randomBytes(0): a size of 1 to 67108864"},
       {"crypto.md5({}, 'hex')",
        "TypeError: bytes are wanted: a text, an ArrayBuffer or a view of one"}});
}

TEST_CASE("one seed gives the same random bytes") {
  const std::string script =
      "import { randomBytes, hexEncode } from 'k6/crypto'; export default () => "
      "console.log(hexEncode(randomBytes(16)), crypto.randomUUID())";
  ScriptWorld first, second;
  first.play(script);
  second.play(script);
  CHECK(first.said == second.said);
}

TEST_CASE("k6 encoding spells Base64 in four ways") {
  check_expressions(
      "import encoding, { b64encode, b64decode } from 'k6/encoding';",
      {{"b64encode('hello world?\?>')", "aGVsbG8gd29ybGQ/Pz4="},
       {"b64encode('hello world?\?>', 'rawstd')", "aGVsbG8gd29ybGQ/Pz4"},
       {"b64encode('hello world?\?>', 'url')", "aGVsbG8gd29ybGQ_Pz4="},
       {"b64encode('hello world?\?>', 'rawurl')", "aGVsbG8gd29ybGQ_Pz4"},
       {"b64encode('ÄÖ')", "w4TDlg=="},
       {"b64encode(new Uint8Array([255, 0]).buffer)", "/wA="},
       {"b64encode('')", ""},
       {"b64decode('aGVsbG8gd29ybGQ/Pz4=', 'std', 's')", "hello world?\?>"},
       {"b64decode('aGVsbG8gd29ybGQ_Pz4', 'rawurl', 's')", "hello world?\?>"},
       {"new Uint8Array(b64decode('/wA=')).join()", "255,0"},
       {"encoding.b64decode('aGk', 'rawstd', 's')", "hi"},
       {"b64decode('aGk', 'std', 's')", "Error: illegal base64 data: aGk"},
       {"b64decode('_wA=')", "Error: illegal base64 data: _wA="},
       {"b64decode('aGk=', 'rawstd')", "Error: illegal base64 data: aGk="},
       {"b64decode('a?k=')", "Error: illegal base64 data: a?k="},
       {"b64encode('a', 'hex')", "Error: encoding hex: there are std, rawstd, url and rawurl"}});
}

TEST_CASE("the global crypto encrypts, signs and derives") {
  check_expressions(
      R"(
const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, '0')).join('');
const text = (s) => new TextEncoder().encode(s);
const { subtle } = crypto;
const raw = (bytes, algorithm, usages) => subtle.importKey('raw', bytes, algorithm, true, usages);
const hmacKey = () => raw(text('Jefe'), { name: 'HMAC', hash: 'SHA-256' }, ['sign', 'verify']);
const aesKey = () => raw(new Uint8Array(16), 'AES-GCM', ['encrypt', 'decrypt']);
const iv = new Uint8Array(12);
)",
      {{"hex(await subtle.digest('sha-1', text('abc')))",
        "a9993e364706816aba3e25717850c26c9cd0d89d"},
       {"hex(await subtle.digest({ name: 'SHA-256' }, text('abc'))).slice(0, 8)", "ba7816bf"},
       {"hex(await subtle.sign('HMAC', await hmacKey(), text('what do ya want for nothing?')))",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
       {"await subtle.verify('HMAC', await hmacKey(), await subtle.sign('HMAC', await hmacKey(), "
        "text('a')), text('a'))",
        "true"},
       {"await subtle.verify('HMAC', await hmacKey(), await subtle.sign('HMAC', await hmacKey(), "
        "text('a')), text('b'))",
        "false"},
       {"hex(await subtle.encrypt({ name: 'AES-GCM', iv }, await aesKey(), new Uint8Array(16)))",
        "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
       {"hex(await subtle.decrypt({ name: 'AES-GCM', iv }, await aesKey(), await "
        "subtle.encrypt({ name: 'AES-GCM', iv }, await aesKey(), text('hi'))))",
        "6869"},
       {"await subtle.decrypt({ name: 'AES-GCM', iv }, await aesKey(), new Uint8Array(20))",
        "OperationError: the bytes cannot be decrypted"},
       {"(await subtle.generateKey({ name: 'AES-CBC', length: '256' }, true, "
        "['encrypt'])).algorithm",
        R"({"name":"AES-CBC","length":256})"},
       {"(await subtle.exportKey('raw', await subtle.generateKey({ name: 'HMAC', hash: 'SHA-512' "
        "}, "
        "true, ['sign']))).byteLength",
        "128"},
       {"await subtle.exportKey('jwk', await aesKey())",
        R"({"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA","alg":"A128GCM","ext":true,"key_ops":["encrypt","decrypt"]})"},
       {"(await subtle.importKey('jwk', { kty: 'oct', k: 'SmVmZQ' }, { name: 'HMAC', hash: 'SHA-1' "
        "}, false, ['sign'])).type",
        "secret"},
       {"hex(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: text('salt'), "
        "iterations: 1 }, await raw(text('password'), 'PBKDF2', ['deriveBits']), 160))",
        "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
       {"await subtle.encrypt({ name: 'AES-GCM', iv }, await hmacKey(), text('a'))",
        "InvalidAccessError: crypto.subtle: the key is one of HMAC for sign,verify"},
       {"await subtle.digest('SHA-3', text('a'))",
        "NotSupportedError: crypto.subtle: the algorithm SHA-3 is not supported"},
       {"await raw(text('a'), 'AES-CBC', ['encrypt'])",
        "OperationError: crypto.subtle: an AES key has 128, 192 or 256 bits"},
       {"await raw(text('a'), { name: 'HMAC', hash: 'SHA-1' }, ['encrypt'])",
        "SyntaxError: crypto.subtle: a key of HMAC cannot be used to encrypt"},
       {"/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test("
        "crypto.randomUUID())",
        "true"},
       {"crypto.getRandomValues(new Uint8Array(4)).length", "4"},
       {"crypto.getRandomValues(new Uint8Array(70000))",
        "QuotaExceededError: crypto.getRandomValues: 65536 bytes at most"}});
}

}  // namespace brunt
