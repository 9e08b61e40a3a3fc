// Heads of HTTP/2 for those who know HTTP/1.1: a request's head as append_request_head() wrote it
// becomes fields, and the fields and the data of a response become an HttpMessage. So whoever
// writes requests and reads responses need not know which of the two the server speaks.
//
//   split_request_head(head, "https", fields);      // head: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
//   connection.begin(fields, ...);
//
//   Http2ResponseReader reader(limits);
//   reader.begin(message, {});
//   TRY(reader.head(fields)); TRY(reader.data(bytes));
//
// Source: RFC 9113, section 8.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http1_parser.h"
#include "wire/http_message.h"

namespace brunt {

// The head's fields, pseudo-fields first, without those that are of one connection of HTTP/1.1;
// each cookie is a field of its own, as section 8.2.3 likes it. They view `head`, whose names
// become lower case. REQUIRES: a whole head of append_request_head()'s, and nothing behind it.
void split_request_head(std::string& head, std::string_view scheme, std::vector<HttpField>& fields);

// Takes one response. Names stay in lower case, as they came; the reason is the registered one.
class Http2ResponseReader {
 public:
  // `limits` must outlive the reader; those of HTTP/1.1's framing do not matter here.
  explicit Http2ResponseReader(const Http1Limits& limits) : limits_(limits) {}

  // Clears `message` and reads the next one into it; it must stay.
  void begin(HttpMessage& message, const Http1Expectation& expectation);

  // A head: interim responses (1xx) are counted, what comes behind the body is left out. Errors:
  // malformed, too_large.
  Result<> head(std::span<const HttpField> fields);
  // A part of the body. Errors: too_large.
  Result<> data(std::string_view bytes);

  bool head_done() const { return message_ != nullptr && message_->status() != 0; }

 private:
  void take_field(const HttpField& field);

  const Http1Limits& limits_;
  HttpMessage* message_ = nullptr;
  Http1Expectation expectation_;
};

}  // namespace brunt
