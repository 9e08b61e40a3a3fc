#include "wire/message_deflate.h"

#include <doctest/doctest.h>

namespace brunt {

// Source of the bytes: RFC 7692, section 7.2.3.
TEST_CASE("the examples of the RFC are unpacked") {
  MessageDeflate deflate;
  std::string plain;
  const std::string_view rows[] = {
      std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7),                   // One fixed block.
      std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11),  // Not compressed.
      std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8),               // A final block.
      std::string_view("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13)};  // Two.
  for (const std::string_view row : rows) {
    REQUIRE(deflate.inflate(row, plain, 5));
    CHECK(plain == "Hello");
  }
  REQUIRE(deflate.deflate("Hello", plain));
  CHECK(plain == rows[0]);
}

TEST_CASE("messages of any size go both ways, and a bomb is stopped") {
  MessageDeflate deflate;
  std::string packed, plain;
  for (const std::size_t size : {0, 1, 100, 16'384, 1'000'000}) {
    std::string text(size, 'a');
    for (std::size_t i = 0; i < size; i += 3) text[i] = static_cast<char>(i * i >> 7U);
    REQUIRE(deflate.deflate(text, packed));
    REQUIRE(deflate.inflate(packed, plain, size));
    CHECK(plain == text);
    if (size == 0) continue;
    const auto stopped = deflate.inflate(packed, plain, size - 1);
    REQUIRE(!stopped);
    CHECK(stopped.error().code == ErrorCode::too_large);
  }
  const auto broken = deflate.inflate("\xff\xff\xff", plain, 100);
  REQUIRE(!broken);
  CHECK(broken.error().code == ErrorCode::malformed);
}

TEST_CASE("a server's answer to the offer is taken as it is meant") {
  CHECK(negotiate_deflate("").value() == false);
  CHECK(negotiate_deflate(deflate_offer).value() == true);
  CHECK(negotiate_deflate("Permessage-Deflate;client_no_context_takeover ; "
                          "server_no_context_takeover; client_max_window_bits=15")
            .value() == true);
  CHECK(!negotiate_deflate("permessage-deflate; server_no_context_takeover"));
  CHECK(!negotiate_deflate("x-webkit-deflate-frame"));
}

}  // namespace brunt
