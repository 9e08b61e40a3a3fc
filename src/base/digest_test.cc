#include "base/digest.h"

#include <doctest/doctest.h>

#include "base/base64.h"

namespace brunt {

TEST_CASE("md5 gives the digests of RFC 1321") {
  const std::pair<std::string, std::string> suite[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
       "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"}};
  for (const auto& [text, digest] : suite) CHECK(md5_hex(text) == digest);
}

// Source of the rows: FIPS 180-1, appendices A and B; RFC 6455, section 1.3.
TEST_CASE("SHA-1 digests are those of the standards") {
  CHECK(base64_encode(sha1("")) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  CHECK(base64_encode(sha1("abc")) == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  CHECK(base64_encode(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "hJg+RBw70m66rkqh+VEp5eVGcPE=");
}

}  // namespace brunt
