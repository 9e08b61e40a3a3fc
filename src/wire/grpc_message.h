// gRPC's own part of an HTTP/2 stream: length-prefixed messages, the timeout, the status at its
// end, metadata. No I/O.
//
//   append_grpc_message(out, encoded);                  // what goes into DATA
//
//   GrpcMessageDecoder decoder(4u << 20u);
//   decoder.feed(bytes);                                // what came out of DATA, in any split
//   while (const auto message = TRY(decoder.next())) use(message->bytes);
//
// Source: grpc.io, "gRPC over HTTP2" (PROTOCOL-HTTP2.md); the codes of grpc.io, "Status codes".
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/http_message.h"

namespace brunt {

enum class GrpcCode : std::uint8_t {
  ok,
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated,
};

// "NotFound"; "" where there is no such code.
std::string_view name_of(GrpcCode code);

struct GrpcStatus {
  GrpcCode code = GrpcCode::ok;
  std::string message;  // Decoded.
  std::string details;  // A google.rpc.Status as the peer encoded it; "": none.

  bool ok() const { return code == GrpcCode::ok; }
  // As every gRPC library says it: "rpc error: code = NotFound desc = no such greeting".
  std::string words() const;
};

// Names are lower case; the values of those that end in "-bin" are bytes.
using GrpcMetadata = std::vector<std::pair<std::string, std::string>>;

// Whether it can be sent: a name of letters, digits and _ - . that is not the protocol's own, and
// printable text (but for "-bin"). Errors: invalid, with the name.
Result<> check_grpc_metadata(std::string_view name, std::string_view value);
// The value as it stands in a field: base64 where the name ends in "-bin".
std::string encode_grpc_metadata(std::string_view name, std::string_view value);
// A head or trailers without what is the protocol's own. Bytes that are no base64 stay as they are.
GrpcMetadata read_grpc_metadata(std::span<const HttpField> fields);

// What trailers say. nullopt: there is no status that can be read.
std::optional<GrpcStatus> read_grpc_status(std::span<const HttpField> trailers);
// What stands for a status where a server gave none.
GrpcCode grpc_code_of_http(int http_status);
GrpcCode grpc_code_of_reset(std::uint32_t http2_error);

// "250m": at most eight digits and a unit, rounded up. Negative is 0.
std::string format_grpc_timeout(Duration timeout);

// One that is not compressed. REQUIRES: less than 4 GiB.
void append_grpc_message(std::string& out, std::string_view message);

class GrpcMessageDecoder {
 public:
  struct Message {
    std::string_view bytes;  // Until the next call of feed().
    bool compressed = false;
  };

  explicit GrpcMessageDecoder(std::size_t message_bytes_max) : bytes_max_(message_bytes_max) {}

  void feed(std::string_view bytes);
  // nullopt: more bytes are needed. Errors: malformed (a flag that is neither 0 nor 1), too_large
  // (seen before the message has come). It gives the same error again then.
  Result<std::optional<Message>> next();
  // next() has something to say.
  bool has_next() const;
  // Part of a message is held: a stream that ends here was cut.
  bool in_message() const { return at_ < buffer_.size(); }

 private:
  std::size_t bytes_max_;
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace brunt
