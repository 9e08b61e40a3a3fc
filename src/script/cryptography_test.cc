#include "script/cryptography.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace brunt {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string digest_of(std::string_view algorithm, std::string_view bytes) {
  auto hasher = Hasher::plain(algorithm);
  REQUIRE(hasher.has_value());
  hasher->update(bytes);
  return hex(hasher->digest());
}

}  // namespace

TEST_CASE("digests are those of their standards") {
  struct Row {
    std::string algorithm, text, digest;
  };
  // RFC 1320, RFC 1321, FIPS 180-4, the RIPEMD-160 page of its authors.
  for (const Row& row : std::vector<Row>{
           {"md4", "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
           {"md4", "abc", "a448017aaf21d8525fc10ae87aa6729d"},
           {"md5", "", "d41d8cd98f00b204e9800998ecf8427e"},
           {"md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
           {"sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
           {"sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
           {"sha384", "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baec"
            "a1"
            "34c825a7"},
           {"sha512", "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c"
            "23"
            "a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
           {"sha512_224", "abc", "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
           {"sha512_256", "abc",
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
           {"ripemd160", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"}})
    CHECK_MESSAGE(digest_of(row.algorithm, row.text) == row.digest, row.algorithm);
  CHECK(Hasher::plain("sha3").error().text == "no such hash algorithm: sha3");
}

TEST_CASE("a digest may be asked for in the middle") {
  Hasher hasher = Hasher::plain("sha1").value();
  hasher.update("a");
  CHECK(hex(hasher.digest()) == digest_of("sha1", "a"));
  hasher.update("bc");
  CHECK(hex(hasher.digest()) == digest_of("sha1", "abc"));
  CHECK(hex(hasher.digest()) == digest_of("sha1", "abc"));
}

TEST_CASE("keyed digests are those of RFC 2202 and RFC 4231") {
  const std::string what = "what do ya want for nothing?";
  CHECK(hex(hmac("md5", "Jefe", what).value()) == "750c783e6ab0b503eaa86e310a5db738");
  CHECK(hex(hmac("sha1", "Jefe", what).value()) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hex(hmac("sha256", "Jefe", what).value()) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac("sha384", std::string(20, '\x0b'), "Hi There").value()) ==
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2"
        "fa9cb6");
  // A key longer than a block, and none at all (Wikipedia, HMAC).
  CHECK(hex(hmac("sha256", std::string(131, '\xaa'),
                 "Test Using Larger Than Block-Size Key - Hash Key First")
                .value()) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex(hmac("md5", "", "").value()) == "74e6f7298a9c2d168935f58c001bad88");
  CHECK(hmac("md4", "key", "text").has_value());
}

TEST_CASE("AES in its three modes is that of NIST") {
  // SP 800-38A, F.2.1 and F.5.1; the GCM specification, test case 4.
  const std::string key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
  const std::string plain = unhex("6bc1bee22e409f96e93d7e117393172a");
  const std::string iv = unhex("000102030405060708090a0b0c0d0e0f");
  AesCall call{.key = key, .iv = iv};
  const std::string cbc = aes(call, plain).value();
  CHECK(hex(cbc.substr(0, 16)) == "7649abac8119b246cee98e9b12e9197d");
  CHECK(cbc.size() == 32);
  call.encrypts = false;
  CHECK(aes(call, cbc).value() == plain);
  CHECK(aes(call, cbc.substr(0, 20)).error().code == ErrorCode::malformed);

  const std::string counter = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  CHECK(hex(aes({.mode = AesCall::Mode::ctr, .key = key, .iv = counter}, plain).value()) ==
        "874d6191b620e3261bef6864990db6ce");

  const std::string gcm_key = unhex("feffe9928665731c6d6a8f9467308308");
  const std::string gcm_iv = unhex("cafebabefacedbaddecaf888");
  const std::string more = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string text = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39");
  AesCall gcm{.mode = AesCall::Mode::gcm, .key = gcm_key, .iv = gcm_iv, .additional = more};
  const std::string sealed = aes(gcm, text).value();
  CHECK(
      hex(sealed) ==
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
      "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
  gcm.encrypts = false;
  CHECK(aes(gcm, sealed).value() == text);
  std::string forged = sealed;
  forged.back() = static_cast<char>(forged.back() ^ 1);
  CHECK(aes(gcm, forged).error().code == ErrorCode::malformed);
  CHECK(aes(gcm, "short").error().code == ErrorCode::malformed);
  CHECK(aes({.key = "seven", .iv = iv}, plain).error().code == ErrorCode::invalid);
  CHECK(aes({.key = key, .iv = "seven"}, plain).error().code == ErrorCode::invalid);
}

TEST_CASE("PBKDF2 is that of RFC 6070") {
  const auto derived = [](std::uint32_t iterations) {
    return hex(pbkdf2({.algorithm = "sha1",
                       .password = "password",
                       .salt = "salt",
                       .iterations = iterations,
                       .bytes = 20})
                   .value());
  };
  CHECK(derived(1) == "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  CHECK(derived(4096) == "4b007901b765489abead49d926f721d065a429c1");
  CHECK(pbkdf2({.algorithm = "sha1", .iterations = 0}).error().code == ErrorCode::invalid);
}

}  // namespace brunt
