#include "wire/websocket.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "wire/websocket_events.h"

namespace brunt {
namespace {

using Events = std::vector<std::string>;

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    if (hex[at] == ' ') ++at;
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

std::string frame(const WebSocketFrame& frame) {
  std::string out;
  append_websocket_frame(out, frame);
  return out;
}

// Of all splits that matter: one that differs from the whole is what is given.
Events read_all_ways(const WebSocketReader& reader, std::string_view bytes) {
  const Events whole = read_websocket(reader, bytes, bytes.size() + 1);
  for (std::size_t piece = 1; piece < std::min<std::size_t>(bytes.size(), 40); ++piece)
    if (Events split = read_websocket(reader, bytes, piece); split != whole) return split;
  return whole;
}

constexpr std::uint32_t mask = 0x37fa213d;

}  // namespace

// Source of the bytes: RFC 6455, section 5.7.
TEST_CASE("the examples of the RFC are read and written") {
  struct Row {
    WebSocketRole reader;
    std::string bytes;
    WebSocketFrame frame;
    std::string event;
  };
  using enum WebSocketOpcode;
  const std::string long_payload(65536, 'x'), middle_payload(256, 'y');
  const Row rows[] = {
      {WebSocketRole::client, bytes_of("810548656c6c6f"), {.payload = "Hello"}, "text Hello"},
      {WebSocketRole::server,
       bytes_of("818537fa213d7f9f4d5158"),
       {.payload = "Hello", .mask = mask},
       "text Hello"},
      {WebSocketRole::client,
       bytes_of("890548656c6c6f"),
       {.opcode = ping, .payload = "Hello"},
       "ping Hello"},
      {WebSocketRole::server,
       bytes_of("8a8537fa213d7f9f4d5158"),
       {.opcode = pong, .payload = "Hello", .mask = mask},
       "pong Hello"},
      {WebSocketRole::client,
       bytes_of("827e0100") + middle_payload,
       {.opcode = binary, .payload = middle_payload},
       "binary " + middle_payload},
      {WebSocketRole::client,
       bytes_of("827f0000000000010000") + long_payload,
       {.opcode = binary, .payload = long_payload},
       "binary " + long_payload},
  };
  for (const Row& row : rows) {
    CHECK(frame(row.frame) == row.bytes);
    CHECK(read_all_ways(WebSocketReader(row.reader), row.bytes) == Events{row.event});
  }
}

TEST_CASE("fragments are put together, with the control frames between them first") {
  using enum WebSocketOpcode;
  const std::string bytes =
      frame({.payload = "Hel", .final = false}) + frame({.opcode = ping, .payload = "1"}) +
      frame({.opcode = continuation, .payload = "", .final = false}) +
      frame({.opcode = pong, .payload = "2"}) + frame({.opcode = continuation, .payload = "lo"}) +
      frame({.opcode = binary, .payload = std::string_view("\0", 1)});
  CHECK(read_all_ways(WebSocketReader(WebSocketRole::client), bytes) ==
        Events{"ping 1", "pong 2", "text Hello", std::string("binary \0", 8)});
  const std::string masked =
      frame({.payload = "\xc3", .mask = 1, .final = false}) +
      frame({.opcode = continuation, .payload = "\xa9!", .mask = 0xff00ff00});
  CHECK(read_all_ways(WebSocketReader(WebSocketRole::server), masked) == Events{"text \xc3\xa9!"});
}

TEST_CASE("what breaks the protocol is refused, and each kind has its close code") {
  struct Row {
    const char* what;
    std::string hex;
    const char* event;
  };
  const Row rows[] = {
      {"a reserved bit", "9100", "!malformed"},
      {"compressed without negotiation", "c100", "!malformed"},
      {"a reserved data opcode", "8300", "!malformed"},
      {"a reserved control opcode", "8b00", "!malformed"},
      {"a masked frame from a server", "818100000000 41", "!malformed"},
      {"a fragmented ping", "0900", "!malformed"},
      {"a ping of 126 bytes", "897e007e", "!malformed"},
      {"a continuation of nothing", "8000", "!malformed"},
      {"a length of 125 in two bytes", "817e007d", "!malformed"},
      {"a length of 65535 in eight bytes", "817f000000000000ffff", "!malformed"},
      {"a length with its highest bit", "817fffffffffffffffff", "!too_large"},
      {"half a close code", "880103", "!malformed"},
      {"close code 1005", "880203ed", "!malformed"},
      {"close code 999", "880203e7", "!malformed"},
      {"close code 5000", "88021388", "!malformed"},
      {"a reason that is not UTF-8", "880303e8ff", "!invalid"},
      {"a text that is not UTF-8", "8102c328", "!invalid"},
      {"a text cut within a character", "8101c3", "!invalid"},
  };
  for (const Row& row : rows)
    CHECK_MESSAGE(read_all_ways(WebSocketReader(WebSocketRole::client), bytes_of(row.hex)) ==
                      Events{row.event},
                  row.what);
  CHECK(read_all_ways(WebSocketReader(WebSocketRole::server), bytes_of("810141")) ==
        Events{"!malformed"});
  CHECK(read_all_ways(WebSocketReader(WebSocketRole::client), bytes_of("0100 8100")) ==
        Events{"!malformed"});
  CHECK(websocket_code_of(ErrorCode::malformed) == 1002);
  CHECK(websocket_code_of(ErrorCode::invalid) == 1007);
  CHECK(websocket_code_of(ErrorCode::too_large) == 1009);
}

TEST_CASE("a message may be as large as the limit, in one frame or in several") {
  using enum WebSocketOpcode;
  const WebSocketReader reader(WebSocketRole::client, {.message_bytes_max = 10});
  CHECK(read_all_ways(reader, frame({.payload = "0123456789"})) == Events{"text 0123456789"});
  CHECK(read_all_ways(reader, bytes_of("810b")) == Events{"!too_large"});
  const std::string half = frame({.payload = "012345", .final = false});
  CHECK(read_all_ways(reader, half + frame({.opcode = continuation, .payload = "6789"})) ==
        Events{"text 0123456789"});
  CHECK(read_all_ways(reader, half + bytes_of("8005")) == Events{"!too_large"});
}

TEST_CASE("a stream that ends within a frame or a message was cut") {
  for (const char* hex : {"81", "8105", "810548", "0100", "010148"})
    CHECK(read_all_ways(WebSocketReader(WebSocketRole::client), bytes_of(hex)) == Events{"cut"});
  CHECK(read_all_ways(WebSocketReader(WebSocketRole::client), bytes_of("8100")) == Events{"text "});
}

TEST_CASE("a close has a code and a reason that fits") {
  const auto close = [](std::uint16_t code, std::string_view reason) {
    const std::string payload = websocket_close_payload(code, reason);
    return frame({.opcode = WebSocketOpcode::close, .payload = payload});
  };
  const WebSocketReader reader(WebSocketRole::client);
  CHECK(read_all_ways(reader, close(1000, "bye")) == Events{"close 1000 bye"});
  CHECK(read_all_ways(reader, close(4999, "")) == Events{"close 4999 "});
  CHECK(read_all_ways(reader, close(WebSocketCode::no_status, "")) == Events{"close 1005 "});
  // 123 bytes are the most, and a character is not cut.
  CHECK(read_all_ways(reader, close(3000, std::string(122, 'a') + "\xc3\xa9")) ==
        Events{"close 3000 " + std::string(122, 'a')});
  CHECK(websocket_code_words(1006) == "abnormal closure");
  CHECK(websocket_code_words(4000).empty());
}

TEST_CASE("a mask applied twice gives what it was, at every length") {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7);
    std::string masked = text;
    apply_websocket_mask(masked, 0x01020384);
    for (std::size_t i = 0; i < size; ++i)
      CHECK(masked[i] == static_cast<char>(text[i] ^ "\x01\x02\x03\x84"[i % 4]));
    apply_websocket_mask(masked, 0x01020384);
    CHECK(masked == text);
  }
}

TEST_CASE("a reader of compressed messages shows which are, and gives back a large buffer") {
  WebSocketReader reader(WebSocketRole::client, {}, WebSocketExtension::deflate);
  CHECK(read_all_ways(reader, bytes_of("c101ff 810141")) ==
        Events{"text compressed \xff", "text A"});
  CHECK(read_all_ways(reader, bytes_of("c900")) == Events{"!malformed"});
  CHECK(read_all_ways(reader, bytes_of("0100 c000")) == Events{"!malformed"});
  const std::string large(100'000, 'a'), bytes = frame({.payload = large});
  ByteView first = as_bytes(bytes).first(50), rest = as_bytes(bytes).subspan(50);
  CHECK(!reader.next(first).value());
  CHECK(reader.next(rest).value()->payload == large);
  CHECK(reader.memory_bytes() > large.size());
  CHECK(!reader.next(rest).value());
  CHECK(reader.memory_bytes() < 1000);
}

// Source: RFC 6455, section 1.3.
TEST_CASE("the key of the handshake has the answer of the RFC") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// Streams from a server. The first word of a file's name says what it comes to.
TEST_CASE("the vectors come to what their names say") {
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           std::filesystem::path(BRUNT_SOURCE_DIR) / "tests/vectors/websocket")) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::string name = file.path().filename().string();
    const std::string last = read_all_ways(WebSocketReader(WebSocketRole::client), bytes).back();
    const std::string word = last.starts_with('!') ? last.substr(1) : last == "cut" ? "cut" : "ok";
    CHECK_MESSAGE(name.substr(0, name.find('-')) == word, name);
    ++files;
  }
  CHECK(files >= 8);
}

}  // namespace brunt
