#include "base/crc32c.h"

#include <doctest/doctest.h>

#include <string>

#include "base/prng.h"

using namespace brunt;

TEST_CASE("the checksum is that of RFC 3720") {
  CHECK(crc32c(as_bytes("")) == 0);
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283);
  CHECK(crc32c(as_bytes(std::string(32, '\0'))) == 0x8a9136aa);
  CHECK(crc32c(as_bytes(std::string(32, '\xff'))) == 0x62a8ab43);
}

TEST_CASE("the checksum by instruction and by table is the same, in one piece and in two") {
  Prng prng(7);
  std::string text;
  for (int size = 0; size < 300; ++size) {
    const ByteView all = as_bytes(text);
    const std::uint32_t sum = crc32c(all);
    CHECK(sum == crc32c_by_table(all));
    const std::size_t half = text.size() / 2;
    CHECK(sum == crc32c(all.subspan(half), crc32c(all.first(half))));
    text.push_back(static_cast<char>(prng.between(0, 255)));
  }
}
