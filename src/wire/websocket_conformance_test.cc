// The reader against the cases that conformance suites of WebSockets go through, by their sections:
// framing, pings, reserved bits, opcodes, fragments, UTF-8, closes, sizes, compressed messages.
// Source: RFC 6455, sections 5, 7.4 and 8.1; RFC 7692, section 6.
#include <doctest/doctest.h>

#include "wire/message_deflate.h"
#include "wire/websocket.h"
#include "wire/websocket_events.h"

namespace brunt {
namespace {

using enum WebSocketOpcode;
using Texts = std::vector<std::string>;

std::string encoded(const WebSocketFrame& frame) {
  std::string out;
  append_websocket_frame(out, frame);
  return out;
}

// The first two bytes by hand, for what the writer cannot be made to write.
std::string raw(unsigned first, std::string_view payload) {
  std::string out{static_cast<char>(first), static_cast<char>(payload.size())};
  return out.append(payload);
}

Texts heard(std::string_view bytes, std::size_t piece,
            WebSocketReader reader = WebSocketReader(WebSocketRole::client)) {
  return read_websocket(std::move(reader), bytes, piece);
}

// Whole, octet by octet, and in pieces that hit no border.
void check_heard(std::string_view bytes, const Texts& expected) {
  for (const std::size_t piece :
       {bytes.size() + 1, std::size_t{1}, std::size_t{3}, std::size_t{997}})
    CHECK(heard(bytes, piece) == expected);
}

constexpr std::string_view kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

}  // namespace

TEST_CASE("texts and bytes of every kind of length come whole") {
  for (const std::size_t size : {0, 1, 124, 125, 126, 127, 128, 65'534, 65'535, 65'536, 65'537}) {
    const std::string payload(size, '*'), bytes(size, '\xfe');
    check_heard(encoded({.payload = payload}), {"text " + payload});
    check_heard(encoded({.opcode = binary, .payload = bytes}), {"binary " + bytes});
  }
}

TEST_CASE("pings and pongs carry 0 to 125 bytes of anything, asked for or not") {
  for (const std::size_t size : {0, 1, 8, 125}) {
    const std::string payload(size, '\xff');
    check_heard(encoded({.opcode = ping, .payload = payload}), {"ping " + payload});
    check_heard(encoded({.opcode = pong, .payload = payload}), {"pong " + payload});
  }
  std::string ten;
  Texts expected;
  for (int i = 0; i < 10; ++i) {
    ten += encoded({.opcode = ping, .payload = std::to_string(i)});
    expected.push_back("ping " + std::to_string(i));
  }
  check_heard(ten, expected);
  for (const unsigned opcode : {0x88U, 0x89U, 0x8aU}) {
    std::string beyond{static_cast<char>(opcode), '\x7e', '\0', '\x7e'};
    check_heard(beyond.append(126, 'x'), {"!malformed"});
  }
}

TEST_CASE("every reserved bit is refused in every kind of frame, at once") {
  for (unsigned bits = 1; bits < 8; ++bits)
    for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U})
      check_heard(raw(0x80U | bits << 4U | opcode, opcode == 8 ? "" : "x"), {"!malformed"});
  check_heard(encoded({.payload = "good"}) + raw(0xC1, "bad") + encoded({.payload = "late"}),
              {"text good", "!malformed"});
}

TEST_CASE("every reserved opcode is refused, with a payload and without") {
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
    for (const std::string_view payload : {"", "reserved"}) {
      check_heard(raw(0x80U | opcode, payload), {"!malformed"});
      check_heard(encoded({.payload = "good"}) + raw(0x80U | opcode, payload),
                  {"text good", "!malformed"});
    }
}

TEST_CASE("fragments are told from messages, whatever comes between them") {
  struct Row {
    const char* what;
    std::string bytes;
    Texts expected;
  };
  const std::string head = encoded({.payload = "a", .final = false});
  const std::string middle = encoded({.opcode = continuation, .payload = "b", .final = false});
  const std::string tail = encoded({.opcode = continuation, .payload = "c"});
  const std::string asked = encoded({.opcode = ping, .payload = "p"});
  const Row rows[] = {
      {"a fragmented ping", raw(0x09, "a") + raw(0x80, "b"), {"!malformed"}},
      {"a fragmented pong", raw(0x0a, "a") + raw(0x80, "b"), {"!malformed"}},
      {"a fragmented close", raw(0x08, ""), {"!malformed"}},
      {"two fragments", head + tail, {"text ac"}},
      {"three fragments", head + middle + tail, {"text abc"}},
      {"a ping between them", head + asked + tail, {"ping p", "text ac"}},
      {"pings between all", head + asked + middle + asked + tail, {"ping p", "ping p", "text abc"}},
      {"a close between them", head + raw(0x88, "\x03\xe8"), {"close 1000 ", "cut"}},
      {"empty ones", raw(0x01, "") + raw(0x00, "") + raw(0x80, ""), {"text "}},
      {"an empty first and last one", raw(0x01, "") + raw(0x00, "x") + raw(0x80, ""), {"text x"}},
      {"an end of nothing", tail, {"!malformed"}},
      {"a middle of nothing", middle + tail, {"!malformed"}},
      {"an end after a whole message", raw(0x81, "x") + tail, {"text x", "!malformed"}},
      {"another text within", head + raw(0x81, "x"), {"!malformed"}},
      {"another beginning within", head + raw(0x01, "x") + tail, {"!malformed"}},
      {"bytes within a text", head + raw(0x82, "x"), {"!malformed"}},
      {"a message after another", head + tail + head + tail, {"text ac", "text ac"}},
      {"an end after the end", head + tail + tail, {"text ac", "!malformed"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    check_heard(row.bytes, row.expected);
  }
}

TEST_CASE("a text is checked across its fragments, and refused by the first that is wrong") {
  const std::string text(kosme);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    check_heard(raw(0x01, text.substr(0, cut)) + raw(0x80, text.substr(cut)), {"text " + text});
  std::string bytewise;
  for (std::size_t i = 0; i < text.size(); ++i)
    bytewise += raw(i == 0 ? 0x01 : i + 1 == text.size() ? 0x80 : 0x00, text.substr(i, 1));
  check_heard(bytewise, {"text " + text});
  const std::string wrong[] = {
      "\xed\xa0\x80",      // A surrogate.
      "\xc0\xaf",          // Longer than need be.
      "\xf4\x90\x80\x80",  // Beyond U+10FFFF.
      "\x80",
      "\xbf",
      "\xfe",                  // No beginning of a character.
      "\xf8\x88\x80\x80\x80",  // Five bytes.
      "\xce\x41",              // A character that does not end.
  };
  for (const std::string& bad : wrong) {
    check_heard(raw(0x81, text + bad), {"!invalid"});
    check_heard(raw(0x01, text) + raw(0x80, bad), {"!invalid"});
    check_heard(raw(0x01, text + bad + "."), {"!invalid"});
    check_heard(raw(0x01, text) + raw(0x00, bad + "."), {"!invalid"});
    check_heard(raw(0x82, bad), {"binary " + bad});
    check_heard(raw(0x02, bad) + raw(0x80, bad), {"binary " + bad + bad});
  }
  for (const std::string_view cut : {"\xce", "\xe1\xbd", "\xf0\x9f\x98"}) {
    check_heard(raw(0x01, cut), {"cut"});
    check_heard(raw(0x01, cut) + raw(0x80, ""), {"!invalid"});
    check_heard(raw(0x01, cut) + encoded({.opcode = ping}) + raw(0x80, "x"), {"ping ", "!invalid"});
  }
}

TEST_CASE("every close code is taken or refused as the registry says") {
  const auto closed_with = [](unsigned code) {
    return raw(0x88, std::string{static_cast<char>(code >> 8U), static_cast<char>(code)});
  };
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U})
    check_heard(closed_with(code), {"close " + std::to_string(code) + " "});
  for (const unsigned code :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
    check_heard(closed_with(code), {"!malformed"});
  check_heard(raw(0x88, ""), {"close 1005 "});
  check_heard(raw(0x88, "\x03"), {"!malformed"});
  const std::string most(123, 'r');
  check_heard(raw(0x88, "\x03\xe8" + most), {"close 1000 " + most});
  check_heard(raw(0x88, "\x03\xe8" + std::string(kosme)), {"close 1000 " + std::string(kosme)});
  for (const std::string_view reason : {"\xce", "\xce\xba\xed\xa0\x80", "\xff"})
    check_heard(raw(0x88, "\x03\xe8" + std::string(reason)), {"!invalid"});
}

TEST_CASE("large messages come whole, in one frame and in thousands") {
  const std::string large(std::size_t{4} << 20U, '*');
  CHECK(heard(encoded({.payload = large}), 65'536) == Texts{"text " + large});
  for (const std::size_t fragment : {std::size_t{64}, std::size_t{1} << 16U}) {
    std::string bytes;
    for (std::size_t at = 0; at < large.size(); at += fragment)
      append_websocket_frame(bytes, {.opcode = at == 0 ? text : continuation,
                                     .payload = std::string_view(large).substr(at, fragment),
                                     .final = at + fragment >= large.size()});
    CHECK(heard(bytes, 4096) == Texts{"text " + large});
  }
}

TEST_CASE("compressed messages of many sizes, in frames of any size, come out as they were") {
  MessageDeflate deflate;
  std::string packed, plain;
  for (const std::size_t size : {0U, 16U, 64U, 256U, 1024U, 4096U, 8192U, 32768U, 131072U})
    for (const std::size_t fragment : {std::size_t{7}, std::size_t{256}, std::size_t{1} << 20U}) {
      std::string message(size, '\0');
      for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>('a' + i * i % 23);
      REQUIRE(deflate.deflate(message, packed));
      std::string bytes;
      for (std::size_t at = 0; at == 0 || at < packed.size(); at += fragment)
        append_websocket_frame(bytes, {.opcode = at == 0 ? text : continuation,
                                       .payload = std::string_view(packed).substr(at, fragment),
                                       .final = at + fragment >= packed.size(),
                                       .compressed = at == 0});
      const Texts texts = heard(
          bytes, 1000, WebSocketReader(WebSocketRole::client, {}, WebSocketExtension::deflate));
      REQUIRE(texts.size() == 1);
      constexpr std::string_view before = "text compressed ";
      REQUIRE(texts[0].starts_with(before));
      REQUIRE(deflate.inflate(std::string_view(texts[0]).substr(before.size()), plain, 1U << 20U));
      CHECK(plain == message);
    }
}

}  // namespace brunt
