// What an HTTP handler gets and gives: a view of the request, and the writer of its response.
//
// Both belong to the server and are valid until the handler returns, also while it parks.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "loop/fiber.h"
#include "loop/stream.h"
#include "wire/http1_writer.h"
#include "wire/http_message.h"

namespace brunt {

class HttpRequestView {
 public:
  HttpRequestView(const HttpMessage& message, const Stream& stream)
      : message_(message), stream_(stream) {}

  std::string_view method() const { return message_.method(); }
  std::string_view target() const { return message_.target(); }  // As sent.
  std::string_view path() const;                                 // The target up to '?'.
  std::string_view query() const;  // The target after '?', not decoded; "" where there is none.
  // The value of `name` in the query, decoded; nullopt where it is not. Allocates.
  std::optional<std::string> query_value(std::string_view name) const;
  HttpFields fields() const { return message_.fields(); }
  std::string_view body() const { return message_.body; }  // Without framing, still content-coded.
  Endpoint peer() const { return stream_.peer(); }

 private:
  const HttpMessage& message_;
  const Stream& stream_;
};

// Collects a response; the server sends it when the handler has returned. A handler that sets
// nothing answers 200 with an empty body.
//
//   response.set_status(201);
//   response.set_content_type("application/json");
//   response.body() += R"({"id": 7})";
//
// For what has no end (events, exports) send_chunk() sends at once, in chunked coding:
//   while (...) if (!response.send_chunk(self, line)) return;   // the client went away
class HttpResponseWriter {
 public:
  void set_status(std::uint16_t status) { status_ = status; }
  std::uint16_t status() const { return status_; }

  // A literal or something else that lives until the handler returns. "" sends none.
  void set_content_type(std::string_view type) { content_type_ = type; }

  // Copies. What cannot stand in a field (a line end in the value) is left out, asserted in no
  // build: it may come from a client. Framing fields, Date, Server and Connection are the server's.
  void add_field(std::string_view name, std::string_view value);

  // Append to it. It keeps its memory from request to request.
  std::string& body() { return body_; }

  // Sends the head (at the first call) and `data` now. Errors: reset, timeout, cancelled.
  Result<> send_chunk(Fiber& self, std::string_view data);

  // Leaves HTTP: sends 101 with the fields that were added, and gives the connection, which is the
  // handler's until it returns; then it is closed. Errors: as send_chunk().
  Result<Stream*> upgrade(Fiber& self, std::string_view protocol);

  // The connection is closed after this response.
  void close_connection() { close_ = true; }

 private:
  friend class HttpConnection;
  struct FieldPlace {
    std::uint32_t name_at, name_size, value_at, value_size;
  };
  void begin(const HttpMessage& request, Stream& stream);
  void append_head(BodyFraming framing, std::uint64_t content_length);
  Result<> send(Fiber& self);
  void shrink(std::size_t bytes_kept);

  std::uint16_t status_ = 200;
  std::string_view content_type_;
  std::string body_;
  std::string field_text_;
  std::vector<FieldPlace> fields_;
  std::vector<HttpField> field_views_;  // Kept for its memory.
  std::string out_;                     // Head, or head and body, as it is sent.
  std::string_view date_, server_name_;
  Stream* stream_ = nullptr;
  Duration send_timeout_{};
  std::uint8_t version_minor_ = 1;
  bool answers_head_ = false;  // The request was a HEAD: no body.
  bool keep_alive_ = true;
  bool close_ = false;
  bool streaming_ = false;
  bool broken_ = false;
};

}  // namespace brunt
