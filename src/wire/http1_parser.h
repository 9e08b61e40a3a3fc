// Reads HTTP/1.x messages, requests or responses, from bytes that come in any split. No I/O, no
// clock; no allocation once the message it fills is warm.
//
//   parser.begin(message, {});
//   while (!parser.done()) {
//     const ByteView bytes = TRY(stream.receive(self, deadline));
//     if (bytes.empty()) { TRY(parser.finish()); break; }
//     const std::size_t used = TRY(parser.feed(bytes));   // bytes after `used`: the next message's
//   }
//
// What it takes and what it refuses:
// - HTTP/1.0 and 1.1. Folded field lines, blanks before the colon, control characters in names or
//   values, a bare CR: malformed.
// - A line may end in a bare LF in responses, as RFC 9112, 2.2 allows and old servers need. Not in
//   requests: two servers that disagree over where a line ends are how requests get smuggled.
// - Content-Length: digits only; repeats must be equal. Garbage, a sign, an overflow: malformed.
// - Transfer-Encoding: only "chunked". In a request together with Content-Length, or in HTTP/1.0:
//   malformed (smuggling). In a response it beats Content-Length, as RFC 9112, 6.3 says.
// - A request of HTTP/1.1 has exactly one Host.
// - Interim responses (1xx) are skipped and counted in the message; 101 is final and upgraded().
// - Whatever is larger than its limit: too_large.
//
// After an error the parser is of no more use until begin(). Source: RFC 9112.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/http_message.h"

namespace brunt {

struct Http1Framing;

struct Http1Limits {
  std::uint32_t start_line_max = 8u << 10u;   // RFC 9112 recommends at least 8,000.
  std::uint32_t head_bytes_max = 64u << 10u;  // Start line and fields; the trailers again.
  std::uint32_t fields_max = 128;             // More is a bug or an attack. Trailers included.
  std::uint32_t chunk_line_max = 1u << 10u;   // Size and extensions of one chunk.
  std::uint32_t interim_max = 16;             // 1xx responses before the final one.
  std::uint64_t body_bytes_max = 16u << 20u;  // Without framing; still content-coded.
};

enum class Http1Role : std::uint8_t {
  client,  // Reads responses.
  server,  // Reads requests.
};

enum class BodyHandling : std::uint8_t {
  keep,     // Appended to HttpMessage::body.
  discard,  // Only counted: k6's discardResponseBodies.
};

struct Http1Expectation {
  BodyHandling body = BodyHandling::keep;
  bool answers_head =
      false;  // The request was a HEAD: there will be no body, whatever is announced.
};

class Http1Parser {
 public:
  // `limits` must outlive the parser (share one among all).
  Http1Parser(Http1Role role, const Http1Limits& limits) : limits_(&limits), role_(role) {}

  // Clears `message` and reads the next one into it; it must stay until done() or an error.
  void begin(HttpMessage& message, const Http1Expectation& expectation);

  // Takes what belongs to the current message and says how much that was: all of `bytes` unless the
  // message is done. REQUIRES: begin(), and not done(). Errors: malformed, too_large.
  Result<std::size_t> feed(ByteView bytes);

  // The peer has finished sending. Completes a body that lasts until then. Errors: closed; its text
  // says in which part of the message.
  Result<> finish();

  bool started() const { return phase_ != Phase::start; }          // Any byte of it has come.
  bool head_done() const { return phase_ >= Phase::body_length; }  // Status and fields can be read.
  bool done() const { return phase_ == Phase::done; }
  // After too_large: whether the head was within its limits, so that it is the body that is not.
  bool head_fitted() const { return head_fitted_; }
  // After a 101: what follows is not HTTP.
  bool upgraded() const { return upgraded_; }

 private:
  enum class Phase : std::uint8_t {
    start,        // Nothing yet.
    head,         // Collecting the head into the message's bytes.
    body_length,  // `left_` bytes of body to come.
    body_until_close,
    chunk_size,       // The hexadecimal digits.
    chunk_extension,  // Skipped up to the line's end.
    chunk_size_lf,    // CR seen.
    chunk_data,       // `left_` bytes of the chunk to come.
    chunk_data_cr,
    chunk_data_lf,
    trailers,  // Collecting trailer lines.
    done,
    failed,
  };

  Result<std::size_t> feed_head(std::string_view bytes);
  Result<std::size_t> feed_split_head(std::string_view bytes);
  Result<> head_complete(const Http1Framing& framing);
  Result<> interim_complete();
  Result<std::size_t> feed_body(std::string_view bytes);
  Result<std::size_t> feed_chunk_framing(std::string_view bytes);
  Result<> chunk_line_done();
  Result<std::size_t> feed_trailers(std::string_view bytes);
  void take_body(std::string_view bytes);
  std::unexpected<Error> refuse(ErrorCode code, std::string_view text);

  const Http1Limits* limits_;
  HttpMessage* message_ = nullptr;
  std::uint64_t left_ = 0;        // Of the body, or of the chunk.
  std::uint32_t scanned_ = 0;     // Bytes of the head in which no end was found.
  std::uint32_t section_ = 0;     // Where the trailer section begins in the message's bytes.
  std::uint32_t line_bytes_ = 0;  // Of the current chunk line.
  Http1Role role_;
  Http1Expectation expectation_;
  Phase phase_ = Phase::start;
  bool upgraded_ = false;
  bool head_fitted_ = false;
};

}  // namespace brunt
