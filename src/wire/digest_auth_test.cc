#include "wire/digest_auth.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("a challenge is answered as in RFC 2617 and RFC 7616") {
  const auto answer = digest_authorization(
      "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
      {.user = "Mufasa",
       .password = "Circle Of Life",
       .method = "GET",
       .target = "/dir/index.html",
       .chance = "0a4f113b"});
  REQUIRE(answer);
  CHECK(answer->contains("response=\"6629fae49393a05397450978507c4ef1\""));
  CHECK(answer->contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
  CHECK(answer->contains("qop=auth, nc=00000001, cnonce=\"0a4f113b\""));
  const auto newer = digest_authorization(
      "Digest realm=\"http-auth@example.org\", qop=\"auth\", algorithm=MD5, "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
      {.user = "Mufasa",
       .password = "Circle of Life",
       .method = "GET",
       .target = "/dir/index.html",
       .chance = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"});
  REQUIRE(newer);
  CHECK(newer->contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
}

TEST_CASE("a challenge that cannot be answered says why") {
  const std::pair<std::string, ErrorCode> rows[] = {
      {"Basic realm=\"x\"", ErrorCode::malformed},
      {"Digest realm=\"x\"", ErrorCode::malformed},
      {"", ErrorCode::malformed},
      {"Digest nonce=\"x\", algorithm=SHA-256", ErrorCode::unsupported},
      {"Digest nonce=\"x\", qop=\"auth-int\"", ErrorCode::unsupported}};
  for (const auto& [challenge, code] : rows) {
    CAPTURE(challenge);
    const auto answer = digest_authorization(challenge, {.method = "GET", .target = "/"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == code);
  }
  // A quote that is not closed: what there is is taken.
  CHECK(digest_authorization("Digest nonce=\"unclosed", {.method = "GET", .target = "/"}));
}

}  // namespace brunt
