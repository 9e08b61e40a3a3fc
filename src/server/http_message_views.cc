#include "server/http_message_views.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "base/url.h"

namespace brunt {
namespace {

// A larger body is sent by itself: copying it behind the head would cost more than the second call.
constexpr std::size_t joined_bytes_max = 16u << 10u;

bool has_no_body(std::uint16_t status) {
  return status == 204 || status == 304;
}

}  // namespace

std::string_view HttpRequestView::path() const {
  const std::string_view target = message_.target();
  return target.substr(0, target.find('?'));
}

std::string_view HttpRequestView::query() const {
  const std::string_view target = message_.target();
  const std::size_t mark = target.find('?');
  return mark == target.npos ? std::string_view() : target.substr(mark + 1);
}

std::optional<std::string> HttpRequestView::query_value(std::string_view name) const {
  for (const std::string_view pair : split(query(), '&')) {
    const std::size_t equals = pair.find('=');
    if (form_decode(pair.substr(0, equals)) != name) continue;
    return equals == pair.npos ? std::string() : form_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

void HttpResponseWriter::begin(const HttpMessage& request, Stream& stream) {
  status_ = 200;
  content_type_ = {};
  body_.clear();
  field_text_.clear();
  fields_.clear();
  out_.clear();
  stream_ = &stream;
  version_minor_ = request.version_minor();
  answers_head_ = request.method() == "HEAD";
  keep_alive_ = request.keep_alive();
  close_ = false;
  streaming_ = false;
  broken_ = false;
}

void HttpResponseWriter::add_field(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) return;
  const auto at = static_cast<std::uint32_t>(field_text_.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  fields_.push_back({.name_at = at,
                     .name_size = name_size,
                     .value_at = at + name_size,
                     .value_size = static_cast<std::uint32_t>(value.size())});
  field_text_.append(name).append(value);
}

void HttpResponseWriter::append_head(BodyFraming framing, std::uint64_t content_length) {
  field_views_.clear();
  field_views_.push_back({"Date", date_});
  if (!server_name_.empty()) field_views_.push_back({"Server", server_name_});
  if (!content_type_.empty()) field_views_.push_back({"Content-Type", content_type_});
  for (const FieldPlace& place : fields_)
    field_views_.push_back({{field_text_.data() + place.name_at, place.name_size},
                            {field_text_.data() + place.value_at, place.value_size}});
  if (close_ || !keep_alive_) {
    field_views_.push_back({"Connection", "close"});
  } else if (version_minor_ == 0) {
    field_views_.push_back({"Connection", "keep-alive"});
  }
  const auto written = append_response_head(out_, {.status = status_,
                                                   .reason = {},
                                                   .fields = field_views_,
                                                   .framing = framing,
                                                   .content_length = content_length,
                                                   .version_minor = 1});
  ASSERT(written.has_value());  // add_field() let nothing wrong in.
}

Result<Stream*> HttpResponseWriter::upgrade(Fiber& self, std::string_view protocol) {
  status_ = 101;
  out_ = fmt::format("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {}\r\n",
                     protocol);
  for (const FieldPlace& place : fields_) {
    const std::string_view text = field_text_;
    out_ += fmt::format("{}: {}\r\n", text.substr(place.name_at, place.name_size),
                        text.substr(place.value_at, place.value_size));
  }
  out_ += "\r\n";
  broken_ = true;  // No answer follows.
  TRY(stream_->send(self, as_bytes(out_), self.now() + send_timeout_));
  return stream_;
}

Result<> HttpResponseWriter::send_chunk(Fiber& self, std::string_view data) {
  if (broken_) return fail(ErrorCode::reset, "the client went away");
  out_.clear();
  // HTTP/1.0 knows no chunks: its body ends with the connection.
  const bool chunked = version_minor_ > 0;
  if (!streaming_) {
    streaming_ = true;
    if (!chunked) close_ = true;
    append_head(chunked ? BodyFraming::chunked : BodyFraming::none, 0);
  }
  if (!answers_head_ && chunked) append_chunk(out_, data);
  if (!answers_head_ && !chunked) out_.append(data);
  const auto sent = stream_->send(self, as_bytes(out_), self.now() + send_timeout_);
  broken_ = !sent;
  return sent;
}

Result<> HttpResponseWriter::send(Fiber& self) {
  if (broken_) return fail(ErrorCode::reset, "the client went away");
  const Instant deadline = self.now() + send_timeout_;
  out_.clear();
  if (streaming_) {
    if (answers_head_ || version_minor_ == 0) return {};
    TRY(append_last_chunk(out_));
    return stream_->send(self, as_bytes(out_), deadline);
  }
  if (has_no_body(status_)) {
    append_head(BodyFraming::none, 0);
    return stream_->send(self, as_bytes(out_), deadline);
  }
  append_head(BodyFraming::content_length, body_.size());
  if (answers_head_) return stream_->send(self, as_bytes(out_), deadline);
  if (body_.size() <= joined_bytes_max) {
    out_.append(body_);
    return stream_->send(self, as_bytes(out_), deadline);
  }
  TRY(stream_->send(self, as_bytes(out_), deadline));
  return stream_->send(self, as_bytes(body_), deadline);
}

void HttpResponseWriter::shrink(std::size_t bytes_kept) {
  for (std::string* buffer : {&body_, &field_text_, &out_})
    if (buffer->capacity() > bytes_kept) *buffer = std::string();
}

}  // namespace brunt
