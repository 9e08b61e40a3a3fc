#include "base/base64.h"

#include <doctest/doctest.h>

namespace brunt {

// Source of the rows: RFC 4648, section 10.
TEST_CASE("the vectors of the RFC go both ways") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : rows) {
    CHECK(base64_encode(plain) == encoded);
    CHECK(base64_decode(encoded).value() == plain);
  }
}

TEST_CASE("the URL alphabet has no padding and no slash") {
  CHECK(base64url_encode("\xfb\xff\xfe") == "-__-");
  CHECK(base64_decode("-__-").value() == "\xfb\xff\xfe");
}

TEST_CASE("what is not Base64 is an error") {
  for (const char* text : {"A", "AB*D", "Zg==Zg"}) {
    CAPTURE(text);
    CHECK(base64_decode(text).error().code == ErrorCode::malformed);
  }
}

}  // namespace brunt
