// A plain HTTP client for the tests of servers: one connection, one request at a time, or raw text.
#pragma once
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "loop/loop.h"
#include "wire/http1_parser.h"

namespace brunt {

struct TestReply {
  std::uint16_t status = 0;  // 0: the connection ended without an answer.
  std::string body;
  std::string head;  // "name: value\n" for each field, names as sent.
  bool keep_alive = false;
};

class TestHttpClient {
 public:
  static Result<TestHttpClient> connect(Fiber& self, const Endpoint& to) {
    auto stream = TRY(self.loop().connect(self, {.to = to, .from = {}}, deadline(self)));
    return TestHttpClient(std::move(stream));
  }
  explicit TestHttpClient(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // `fields` as they stand in the message: "Name: value\r\n".
  TestReply ask(Fiber& self, std::string_view method, std::string_view target,
                std::string_view body = "", std::string_view fields = "") {
    return raw(self,
               fmt::format("{} {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", method,
                           target, body.size(), fields, body),
               method == "HEAD");
  }

  TestReply raw(Fiber& self, std::string_view bytes, bool to_head = false) {
    if (!send(self, bytes)) return {};
    return receive(self, to_head);
  }

  bool send(Fiber& self, std::string_view bytes) {
    return stream_->send(self, as_bytes(bytes), deadline(self)).has_value();
  }

  TestReply receive(Fiber& self, bool to_head = false) {
    Http1Parser parser(Http1Role::client, limits());
    HttpMessage message;
    parser.begin(message, {.answers_head = to_head});
    while (!parser.done()) {
      std::string bytes = std::move(rest_);
      rest_.clear();
      if (bytes.empty()) {
        const auto received = stream_->receive(self, deadline(self));
        if (!received || (received->empty() && !parser.finish())) return {};
        bytes = as_text(*received);
        if (bytes.empty()) break;
      }
      const auto used = parser.feed(as_bytes(bytes));
      if (!used) return {};
      rest_ = bytes.substr(*used);
    }
    TestReply reply{.status = message.status(), .body = message.body, .head = {}};
    for (const HttpField field : message.fields())
      reply.head += fmt::format("{}: {}\n", field.name, field.value);
    reply.keep_alive = message.keep_alive();
    return reply;
  }

  // Whether the server closes, before anything else comes.
  bool closed(Fiber& self) {
    const auto bytes = stream_->receive(self, deadline(self));
    return rest_.empty() && (!bytes ? bytes.error().code == ErrorCode::reset : bytes->empty());
  }

  Stream& stream() { return *stream_; }

 private:
  static Instant deadline(Fiber& self) { return self.now() + std::chrono::minutes(2); }
  static const Http1Limits& limits() {
    static const Http1Limits shared;
    return shared;
  }

  std::unique_ptr<Stream> stream_;
  std::string rest_;
};

}  // namespace brunt
