#include "wire/content_coding.h"

#include <doctest/doctest.h>

using namespace brunt;

namespace {

std::string sample() {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i * 7919 % 1000) + "\n";
  return text;
}

constexpr ContentCoding codings[] = {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::br,
                                     ContentCoding::zstd, ContentCoding::identity};

}  // namespace

TEST_CASE("what was encoded is decoded, by one decoder again and again") {
  ContentDecoder decoder;
  std::string out;
  for (int round = 0; round < 2; ++round)
    for (const auto coding : codings)
      for (const std::string& text : {std::string("x"), sample()}) {
        CAPTURE(name_of(coding));
        const auto coded = encode_content(coding, text);
        REQUIRE(coded);
        REQUIRE(decoder.decode(name_of(coding), *coded, out));
        CHECK(out == text);
      }
}

TEST_CASE("a chain is undone from its end") {
  const std::string text = sample();
  const auto inner = encode_content(ContentCoding::gzip, text).value();
  const auto middle = encode_content(ContentCoding::br, inner).value();
  const auto outer = encode_content(ContentCoding::zstd, middle).value();
  ContentDecoder decoder;
  std::string out;
  REQUIRE(decoder.decode("GZip , br,identity,, zstd", outer, out));
  CHECK(out == text);
  const auto too_long = decoder.decode("gzip, gzip, gzip, gzip, gzip", outer, out);
  REQUIRE(!too_long);
  CHECK(too_long.error().code == ErrorCode::too_large);
}

TEST_CASE("deflate is taken raw too, and gzip in several members") {
  ContentDecoder decoder;
  std::string out;
  const std::string text = sample();
  const auto wrapped = encode_content(ContentCoding::deflate, text).value();
  const std::string raw = wrapped.substr(2, wrapped.size() - 6);  // Without header and checksum.
  REQUIRE(decoder.decode("deflate", raw, out));
  CHECK(out == text);
  const auto member = encode_content(ContentCoding::gzip, "half ").value();
  REQUIRE(decoder.decode("x-gzip", member + member, out));
  CHECK(out == "half half ");
}

TEST_CASE("a body that is cut or changed is malformed") {
  ContentDecoder decoder;
  std::string out;
  for (const auto coding : codings) {
    if (coding == ContentCoding::identity) continue;
    CAPTURE(name_of(coding));
    const auto coded = encode_content(coding, sample()).value();
    for (const std::size_t size : {std::size_t{1}, coded.size() / 2, coded.size() - 1}) {
      const auto cut = decoder.decode(name_of(coding), coded.substr(0, size), out);
      REQUIRE(!cut);
      CHECK(cut.error().code == ErrorCode::malformed);
      CHECK(out.empty());
    }
    CHECK(!decoder.decode(name_of(coding), "this is no coded body at all", out));
    CHECK(decoder.decode(name_of(coding), coded, out));  // And it works again.
  }
}

TEST_CASE("a bomb is too large, at the bound and not before") {
  ContentDecoder decoder;
  std::string out;
  const std::string zeros(3'000'000, '\0');
  for (const auto coding : codings) {
    if (coding == ContentCoding::identity) continue;
    CAPTURE(name_of(coding));
    const auto coded = encode_content(coding, zeros).value();
    CHECK(coded.size() < 10'000);
    CHECK(decoder.decode(name_of(coding), coded, out, {.output_bytes_max = zeros.size()}));
    CHECK(out.size() == zeros.size());
    const auto bomb =
        decoder.decode(name_of(coding), coded, out, {.output_bytes_max = zeros.size() - 1});
    REQUIRE(!bomb);
    CHECK(bomb.error().code == ErrorCode::too_large);
    CHECK(out.empty());
  }
}

TEST_CASE(
    "a coding that nobody knows leaves the body as it is, an empty body is nothing to decode") {
  ContentDecoder decoder;
  std::string out = "old";
  REQUIRE(decoder.decode("compress", "x", out));
  CHECK(out == "x");
  REQUIRE(decoder.decode("gzip", "", out));
  CHECK(out.empty());
}
