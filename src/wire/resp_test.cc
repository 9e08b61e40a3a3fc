#include "wire/resp.h"

#include <doctest/doctest.h>

#include <array>

namespace brunt {
namespace {

// Each reply's JSON in a line; an error's name at the end.
std::string decoded(std::string_view text, std::size_t step, RespDecoder::Limits limits = {}) {
  RespDecoder decoder(limits);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    ByteView input = as_bytes(text.substr(at, step));
    while (true) {
      const auto more = decoder.next(input);
      if (!more) return out + std::string(name_of(more.error().code));
      if (!*more) break;
      decoder.reply().append_json(out);
      out += '\n';
    }
  }
  return out + (decoder.in_reply() ? "..." : "");
}

struct Case {
  std::string_view bytes, json;
};

TEST_CASE("replies of both versions, in every split") {
  constexpr Case cases[] = {
      {"+OK\r\n", "\"OK\"\n"},
      {"-ERR no such key\r\n", "\"ERR no such key\"\n"},
      {":-42\r\n:+7\r\n", "-42\n7\n"},
      {"$5\r\nhe\r\no\r\n", "\"he\\r\\no\"\n"},
      {"$0\r\n\r\n$-1\r\n*-1\r\n_\r\n", "\"\"\nnull\nnull\nnull\n"},
      {"*2\r\n$3\r\nfoo\r\n*2\r\n:1\r\n*0\r\n", "[\"foo\",[1,[]]]\n"},
      {"#t\r\n#f\r\n,1.5\r\n,inf\r\n", "true\nfalse\n1.5\n\"inf\"\n"},
      {"(123456789012345678901234567890\r\n", "\"123456789012345678901234567890\"\n"},
      {"!5\r\nERR x\r\n=7\r\ntxt:abc\r\n", "\"ERR x\"\n\"abc\"\n"},
      {"%2\r\n+a\r\n:1\r\n:2\r\n*1\r\n_\r\n", "{\"a\":1,\"2\":[null]}\n"},
      {"~2\r\n:1\r\n:2\r\n>2\r\n+message\r\n+x\r\n", "[1,2]\n[\"message\",\"x\"]\n"},
      {"|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:5\r\n:6\r\n", "[5,6]\n"},
      {"|0\r\n:1\r\n", "1\n"},
      {"*2\r\n:1\r\n", "..."},
  };
  for (const Case& one : cases)
    for (std::size_t step = 1; step <= one.bytes.size(); ++step) {
      CAPTURE(one.bytes);
      CAPTURE(step);
      CHECK(decoded(one.bytes, step) == one.json);
    }
}

TEST_CASE("what is no RESP is malformed, in every split") {
  for (const std::string_view bytes :
       {"\r\n", "hello\r\n", "+OK\n", ":x\r\n", ":\r\n", "$x\r\n", "$-2\r\n", "$?\r\n", "*-3\r\n",
        "$3\r\nabcd\r\n", "#x\r\n", "_x\r\n", "=3\r\nabc\r\n", "=4\r\nabcd\r\n", "$+3\r\nabc\r\n",
        ",\r\n", ",1.1\r\x1d\r\n", ",1 \r\n"})
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
      CAPTURE(bytes);
      CHECK(decoded(bytes, step) == "malformed");
    }
}

TEST_CASE("limits on bytes, lines, values and depth hold before memory is taken") {
  const RespDecoder::Limits limits{
      .bytes_max = 100, .line_bytes_max = 20, .values_max = 5, .depth_max = 3};
  CHECK(decoded("$90\r\n", 100, limits) == "...");
  CHECK(decoded("$99\r\n", 100, limits) == "too_large");
  CHECK(decoded("$99999999999999999999\r\n", 100) == "malformed");
  CHECK(decoded("$1000000000\r\n", 100) == "too_large");
  CHECK(decoded("+" + std::string(30, 'x'), 100, limits) == "too_large");
  CHECK(decoded("*6\r\n", 100, limits) == "too_large");
  CHECK(decoded("%3\r\n", 100, limits) == "too_large");
  CHECK(decoded("*1\r\n*1\r\n*1\r\n*1\r\n", 100, limits) == "malformed");
  CHECK(decoded("|1\r\n|1\r\n|1\r\n|1\r\n", 100, limits) == "malformed");
}

TEST_CASE("a reply as people read it is the text of a string, the digits of a number") {
  const auto text_of = [](std::string_view bytes) {
    RespDecoder decoder;
    ByteView input = as_bytes(bytes);
    REQUIRE(decoder.next(input).value_or(false));
    std::string out;
    decoder.reply().append_text(out);
    return out;
  };
  CHECK(text_of("$2\r\nhi\r\n") == "hi");
  CHECK(text_of("-ERR x\r\n") == "ERR x");
  CHECK(text_of(":12\r\n") == "12");
  CHECK(text_of("_\r\n") == "");
  CHECK(text_of("*1\r\n$2\r\nhi\r\n") == "[\"hi\"]");
}

TEST_CASE("a command is an array of texts, whatever bytes are in them") {
  std::string out;
  append_resp_command(out, std::array<std::string_view, 3>{"SET", "k", "a\r\nb"});
  CHECK(out == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n");
  CHECK(decoded(out, 3) == "[\"SET\",\"k\",\"a\\r\\nb\"]\n");
}

}  // namespace
}  // namespace brunt
