// Writes HTTP/1.1 heads and chunks onto a buffer that the caller uses again and again.
//
// Names, values and targets are checked: none can smuggle a line end into the head, however they
// came out of a plan's data. Nothing is added silently but what the options say.
//
//   out.clear();
//   TRY(append_request_head(out, {.method = "GET", .target = "/", .authority = "localhost:8080"}));
//
// Source: RFC 9112, sections 2 to 7; RFC 9110, section 5.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http_message.h"

namespace brunt {

enum class BodyFraming : std::uint8_t {
  none,            // No framing field: a GET; a response of 1xx, 204 or 304.
  content_length,  // `content_length` bytes will follow.
  chunked,         // append_chunk() will follow.
};

struct RequestHead {
  std::string_view method;     // A token: "GET".
  std::string_view target;     // "/path?query"; no blanks, no control characters.
  std::string_view authority;  // For Host; "" writes none (the fields have one).
  std::span<const HttpField> fields;
  BodyFraming framing = BodyFraming::none;
  std::uint64_t content_length = 0;
};

struct ResponseHead {
  std::uint16_t status = 200;  // 100 to 999.
  std::string_view reason;     // "": the registered phrase of the status.
  std::span<const HttpField> fields;
  BodyFraming framing = BodyFraming::content_length;
  std::uint64_t content_length = 0;
  std::uint8_t version_minor = 1;
};

// Append a whole head with its blank line. On an error `out` is as it was. Errors: invalid, with
// the field's name. Framing fields (Content-Length, Transfer-Encoding) among `fields` are written
// as they are when `framing` is none, else invalid: two framings would contradict each other.
Result<> append_request_head(std::string& out, const RequestHead& head);
Result<> append_response_head(std::string& out, const ResponseHead& head);

// One chunk; nothing for an empty one, which would end the body.
void append_chunk(std::string& out, std::string_view data);
// The last chunk, trailers, and the blank line. Errors: invalid.
Result<> append_last_chunk(std::string& out, std::span<const HttpField> trailers = {});

bool is_token(std::string_view text);        // A field name or method: RFC 9110, 5.6.2.
bool is_field_value(std::string_view text);  // No CR, LF, NUL or other control but tab.
bool is_target(std::string_view text);       // Not empty, no blanks, no controls.

// "OK" for 200; "" for a status that nobody registered.
std::string_view reason_phrase(std::uint16_t status);

}  // namespace brunt
