// Reads one whole head (start line and field lines), or a trailer section, of HTTP/1.x. Of use to
// http1_parser.cc only, which finds out where a head ends when it comes in pieces.
//
// Source: RFC 9112, sections 3 to 5.
#pragma once
#include <cstdint>
#include <string_view>

#include "wire/http1_parser.h"
#include "wire/http_message.h"

namespace brunt {

// What the field lines say of the message's framing.
struct Http1Framing {
  std::uint64_t content_length = 0;
  std::uint32_t hosts = 0;
  bool has_content_length = false;
  bool has_transfer_encoding = false;
  bool chunked = false;  // Transfer-Encoding is "chunked" and nothing else.
  bool close = false;
  bool keep_alive = false;
};

class Http1HeadReader {
 public:
  enum class Verdict : std::uint8_t { complete, incomplete, malformed, too_large };

  // Places are counted from the begin of `bytes`, which the message must get as its own.
  Http1HeadReader(Http1Role role, const Http1Limits& limits, HttpMessage& message,
                  std::string_view bytes)
      : limits_(limits), message_(message), bytes_(bytes), role_(role) {}

  // Fills the message's start line and fields. `complete`: size() bytes belong to the head.
  Verdict read_head();
  // Appends the field lines from `at` on as trailers.
  Verdict read_trailers(std::uint32_t at);

  std::size_t size() const { return at_; }
  const Http1Framing& framing() const { return framing_; }
  const char* problem() const { return problem_; }  // A literal: what is wrong, in words.

 private:
  Verdict status_line();
  Verdict request_line();
  Verdict version(std::size_t at);
  Verdict fields();
  Verdict field_line();
  Verdict line_end();  // At CR or LF: takes the line's end.
  Verdict interpret(std::string_view name, std::string_view value);
  Verdict content_length(std::string_view value);
  void connection(std::string_view value);
  bool left(std::size_t count) const { return bytes_.size() - at_ >= count; }
  Verdict malformed(const char* problem) {
    problem_ = problem;
    return Verdict::malformed;
  }

  const Http1Limits& limits_;
  HttpMessage& message_;
  std::string_view bytes_;
  std::size_t at_ = 0;
  const char* problem_ = "";
  Http1Framing framing_;
  Http1Role role_;
  bool in_trailers_ = false;
};

}  // namespace brunt
