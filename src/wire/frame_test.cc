#include "wire/frame.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace brunt;

namespace {

struct ReadRequest {
  std::uint64_t client_id, message_id;
  std::string payload;
  friend bool operator==(const ReadRequest&, const ReadRequest&) = default;
};

struct Reading {
  std::vector<ReadRequest> requests;
  std::string error;
  bool cut = false;
  friend bool operator==(const Reading&, const Reading&) = default;
};

// Feeds `bytes` in pieces of `piece` bytes.
Reading read(const FrameLayout& layout, std::string_view bytes, std::size_t piece) {
  FrameRequestDecoder decoder(layout);
  Reading reading;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    // A copy of exactly this piece, so that a sanitizer sees a read behind it.
    const std::string part(bytes.substr(at, piece));
    for (ByteView input = as_bytes(part);;) {
      const auto request = decoder.next(input);
      if (!request) {
        reading.error = request.error().text;
        return reading;
      }
      if (!request->has_value()) break;
      reading.requests.push_back({(*request)->client_id, (*request)->message_id,
                                  std::string(as_text((*request)->payload))});
    }
  }
  reading.cut = decoder.in_message();
  return reading;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(byte) >> 4u];
    out += digits[static_cast<unsigned char>(byte) & 15u];
  }
  return out;
}

std::string request_bytes(const FrameLayout& layout, const ReadRequest& request) {
  std::string out;
  const auto done = append_frame_request(
      out, layout, {request.client_id, request.message_id, as_bytes(request.payload)});
  REQUIRE_MESSAGE(done.has_value(), done.error().text);
  return out;
}

std::string refusal(FrameLayout layout) {
  const auto checked = check_frame_layout(layout);
  return checked ? "" : checked.error().text;
}

}  // namespace

TEST_CASE("our own layout is network byte order without padding") {
  const FrameLayout layout = FrameLayout::brunt();
  CHECK(hex(request_bytes(layout, {0x01020304, 5, "hi"})) ==
        "01020304000000050002"
        "6869");
  std::string ack;
  REQUIRE(append_frame_ack(ack, layout, {.client_id = 0x01020304, .message_id = 5}));
  CHECK(hex(ack) == "0102030400000005");
  CHECK(layout.request_header_bytes() == 10);
  CHECK(layout.ack_bytes() == 8);
}

TEST_CASE(
    "the original layout sends little-endian with twelve bytes of header and acknowledges "
    "big-endian") {
  const FrameLayout layout = FrameLayout::original();
  CHECK(hex(request_bytes(layout, {0x01020304, 5, "hi"})) ==
        "04030201"
        "05000000"
        "0200"
        "0000"
        "6869");
  std::string ack;
  REQUIRE(append_frame_ack(ack, layout, {.client_id = 0x01020304, .message_id = 5}));
  CHECK(hex(ack) == "0102030400000005");
  CHECK(layout.request_header_bytes() == 12);
}

TEST_CASE("requests in any split give the same messages") {
  const FrameLayout layouts[] = {
      FrameLayout::brunt(),
      FrameLayout::original(),
      {.client_id_bytes = 0, .message_id_bytes = 1, .length_bytes = 1, .payload_bytes_max = 255},
      {.client_id_bytes = 8,
       .message_id_bytes = 8,
       .length_bytes = 4,
       .padding_bytes = 16,
       .payload_bytes_min = 0}};
  for (const FrameLayout& layout : layouts) {
    REQUIRE(refusal(layout) == "");
    const bool has_client = layout.client_id_bytes > 0;
    std::vector<ReadRequest> sent;
    std::string bytes;
    for (std::uint64_t i = 1; i <= 5; ++i) {
      sent.push_back({has_client ? 40 + i : 0, i, std::string(i * 13, static_cast<char>('a' + i))});
      bytes += request_bytes(layout, sent.back());
    }
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      CAPTURE(piece);
      const Reading reading = read(layout, bytes, piece);
      CHECK(reading.error == "");
      CHECK(reading.requests == sent);
      CHECK(!reading.cut);
    }
  }
}

TEST_CASE("whole messages are seen where they lie and need no buffer") {
  const FrameLayout layout;
  const std::string bytes =
      request_bytes(layout, {1, 1, "first"}) + request_bytes(layout, {1, 2, "second"});
  FrameRequestDecoder decoder(layout);
  ByteView input = as_bytes(bytes);
  const auto first = decoder.next(input);
  REQUIRE(first);
  REQUIRE(first->has_value());
  CHECK((*first)->payload.data() == as_bytes(bytes).data() + 10);
  REQUIRE(decoder.next(input)->has_value());
  CHECK(input.empty());
  CHECK(!decoder.next(input)->has_value());
  CHECK(decoder.memory_bytes() == 0);
}

TEST_CASE("a length beyond the maximum is refused before its payload comes") {
  const FrameLayout layout{.payload_bytes_max = 4};
  const std::string bytes = std::string(9, '\0') + '\x05';
  FrameRequestDecoder decoder(layout);
  ByteView input = as_bytes(bytes);
  const auto request = decoder.next(input);
  REQUIRE(!request);
  CHECK(request.error().code == ErrorCode::too_large);
  CHECK(request.error().text == "a message says that its payload has 5 bytes; the maximum is 4");
  CHECK(read(layout, bytes, 1).error == request.error().text);
}

TEST_CASE("a length of zero is told apart from one that is too large") {
  const std::string bytes(10, '\0');
  const FrameLayout layout;
  FrameRequestDecoder strict(layout);
  ByteView input = as_bytes(bytes);
  const auto request = strict.next(input);
  REQUIRE(!request);
  CHECK(request.error().code == ErrorCode::malformed);
  CHECK(request.error().text == "a message says that its payload has 0 bytes; the minimum is 1");
  const FrameLayout lenient{.payload_bytes_min = 0};
  for (const std::size_t piece : {1u, 9u, 10u}) {
    const Reading reading = read(lenient, bytes, piece);
    CHECK(reading.error == "");
    CHECK(reading.requests == std::vector<ReadRequest>{{0, 0, ""}});
  }
}

TEST_CASE("a stream that ends in the middle of a message is seen to be cut") {
  const FrameLayout layout;
  const std::string bytes = request_bytes(layout, {1, 1, "hello"});
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    CAPTURE(size);
    const Reading reading = read(layout, bytes.substr(0, size), 100);
    CHECK(reading.cut == (size > 0 && size < bytes.size()));
  }
}

TEST_CASE("an ACK in any split is read once") {
  for (const FrameLayout& layout : {FrameLayout::brunt(), FrameLayout::original()}) {
    std::string bytes;
    for (std::uint64_t i = 1; i <= 3; ++i)
      REQUIRE(append_frame_ack(bytes, layout, {.client_id = 9, .message_id = i}));
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      CAPTURE(piece);
      FrameAckDecoder decoder(layout);
      std::vector<FrameAck> acks;
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        ByteView input = as_bytes(std::string_view(bytes).substr(at, piece));
        while (const auto ack = decoder.next(input)) acks.push_back(*ack);
      }
      CHECK(acks == std::vector<FrameAck>{{9, 1}, {9, 2}, {9, 3}});
      CHECK(!decoder.in_message());
    }
  }
}

TEST_CASE("what does not fit its field is refused and leaves nothing behind") {
  const FrameLayout layout{.client_id_bytes = 2, .message_id_bytes = 1, .payload_bytes_max = 3};
  std::string out = "x";
  const auto refused = [&](const FrameRequest& request) {
    const auto done = append_frame_request(out, layout, request);
    REQUIRE(!done);
    CHECK(out == "x");
    return done.error().text;
  };
  CHECK(refused({65'536, 1, as_bytes("a")}) ==
        "client id 65536 does not fit its field, whose largest is 65535");
  CHECK(refused({1, 256, as_bytes("a")}) ==
        "message id 256 does not fit its field, whose largest is 255");
  CHECK(refused({1, 1, {}}) == "a payload of 0 bytes is not within 1 to 3");
  CHECK(refused({1, 1, as_bytes("abcd")}) == "a payload of 4 bytes is not within 1 to 3");
  CHECK(append_frame_request(out, layout, {65'535, 255, as_bytes("abc")}));
}

TEST_CASE("a layout that cannot be spoken is refused with the field that is wrong") {
  CHECK(refusal(FrameLayout::brunt()) == "");
  CHECK(refusal(FrameLayout::original()) == "");
  CHECK(refusal({.client_id_bytes = 3}) == "the client id has 0, 1, 2, 4, or 8 bytes");
  CHECK(refusal({.message_id_bytes = 5}) == "the message id has 0, 1, 2, 4, or 8 bytes");
  CHECK(
      refusal({.client_id_bytes = 0, .message_id_bytes = 0}).starts_with("client id and message"));
  CHECK(refusal({.length_bytes = 0}) == "the length has 1, 2, or 4 bytes");
  CHECK(refusal({.padding_bytes = 17}) == "the padding has at most 16 bytes");
  CHECK(refusal({.length_bytes = 1}).starts_with("a length of 1 bytes says at most 255"));
  CHECK(refusal({.length_bytes = 4, .payload_bytes_max = (16u << 20u) + 1}) ==
        "the largest payload is at most 16 MiB");
  CHECK(refusal({.payload_bytes_min = 300}).starts_with("the largest payload is at least"));
  CHECK(*parse_frame_layout("original") == FrameLayout::original());
  const auto wrong = parse_frame_layout("orginal");
  REQUIRE(!wrong);
  CHECK(wrong.error().text ==
        "\"orginal\" is no layout of messages: brunt or original; did you mean \"original\"?");
}
