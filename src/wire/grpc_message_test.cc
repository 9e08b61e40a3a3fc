#include "wire/grpc_message.h"

#include <doctest/doctest.h>

using namespace brunt;
using namespace std::chrono_literals;

TEST_CASE("messages come out whole however their bytes are cut") {
  std::string bytes;
  append_grpc_message(bytes, "hello");
  append_grpc_message(bytes, "");
  append_grpc_message(bytes, std::string(300, 'x'));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, bytes.size()}) {
    GrpcMessageDecoder decoder(1000);
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      decoder.feed(std::string_view(bytes).substr(at, piece));
      while (const auto message = decoder.next().value()) sizes.push_back(message->bytes.size());
    }
    CHECK(sizes == std::vector<std::size_t>{5, 0, 300});
    CHECK_FALSE(decoder.in_message());
  }
}

TEST_CASE("a message beyond the limit is refused before it has come") {
  GrpcMessageDecoder decoder(4);
  decoder.feed(std::string_view("\0\0\0\0\5", 5));
  const auto message = decoder.next();
  REQUIRE_FALSE(message.has_value());
  CHECK(message.error().code == ErrorCode::too_large);
  CHECK(message.error().text.contains("(5 vs. 4)"));
}

TEST_CASE("a flag that is no flag is malformed, one that says compressed is told") {
  GrpcMessageDecoder decoder(100);
  decoder.feed(std::string_view("\1\0\0\0\1x", 6));
  CHECK(decoder.next().value()->compressed);
  decoder.feed(std::string_view("\7\0\0\0\1x", 6));
  CHECK(decoder.next().error().code == ErrorCode::malformed);
}

TEST_CASE("trailers are a status with its message decoded, and metadata of the server's own") {
  const std::vector<HttpField> trailers = {{"grpc-status", "5"},
                                           {"grpc-message", "no%20such%20thing: %C3%A4"},
                                           {"grpc-status-details-bin", "CAUSAW4"},
                                           {"x-own", "1"},
                                           {"x-own-bin", "AAEC"}};
  const auto status = read_grpc_status(trailers);
  REQUIRE(status.has_value());
  CHECK(status->code == GrpcCode::not_found);
  CHECK(status->message == "no such thing: ä");
  CHECK(status->details == "\b\5\022\1n");
  const GrpcMetadata metadata = read_grpc_metadata(trailers);
  REQUIRE(metadata.size() == 3);
  CHECK(metadata[1] == std::pair<std::string, std::string>("x-own", "1"));
  CHECK(metadata[2].second == std::string("\0\1\2", 3));
}

TEST_CASE("a status that is none is told apart from one that nobody knows") {
  CHECK_FALSE(read_grpc_status({}).has_value());
  CHECK_FALSE(read_grpc_status(std::vector<HttpField>{{"grpc-status", "x"}}).has_value());
  CHECK(read_grpc_status(std::vector<HttpField>{{"grpc-status", "99"}})->code == GrpcCode::unknown);
}

TEST_CASE("a timeout is written in the smallest unit that has room") {
  CHECK(format_grpc_timeout(250ns) == "250n");
  CHECK(format_grpc_timeout(2min) == "120000m");
  CHECK(format_grpc_timeout(1s + 1ns) == "1000001u");
  CHECK(format_grpc_timeout(-1s) == "0n");
  CHECK(format_grpc_timeout(Duration::max()) == "2562048H");
}

TEST_CASE("metadata that cannot be sent is refused by its name") {
  CHECK(check_grpc_metadata("x-ok.1", "plain text").has_value());
  CHECK(check_grpc_metadata("x-bin", std::string("\0\xff", 2)).has_value());
  for (const char* name : {"", "X-Upper", "a b", ":path", "grpc-timeout", "te", "content-type"})
    CHECK_FALSE(check_grpc_metadata(name, "v").has_value());
  CHECK_FALSE(check_grpc_metadata("x", "\n").has_value());
  CHECK(encode_grpc_metadata("x-bin", "\1") == "AQ");
}

TEST_CASE("a status in words has the name of its code") {
  CHECK(GrpcStatus{GrpcCode::not_found, "no x", ""}.words() ==
        "rpc error: code = NotFound desc = no x");
  CHECK(GrpcStatus{static_cast<GrpcCode>(99), "x", ""}.words() ==
        "rpc error: code = Code(99) desc = x");
}
