#include "wire/http2_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/http1_characters.h"
#include "wire/http1_writer.h"

namespace brunt {
namespace {

constexpr std::string_view line_end = "\r\n";

// Of one connection of HTTP/1.1: section 8.2.2. Host is a pseudo-field.
bool is_of_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 6> names = {
      "host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::ranges::find(names, name) != names.end();
}

void append_cookies(std::string_view value, std::vector<HttpField>& fields) {
  while (true) {
    const auto semicolon = value.find(';');
    const std::string_view one = trim_blanks(value.substr(0, semicolon));
    if (!one.empty()) fields.push_back({"cookie", one});
    if (semicolon == std::string_view::npos) return;
    value.remove_prefix(semicolon + 1);
  }
}

}  // namespace

void split_request_head(std::string& head, std::string_view scheme,
                        std::vector<HttpField>& fields) {
  fields.clear();
  const std::string_view text = head;
  const std::size_t method_end = text.find(' ');
  const std::size_t target_end = text.find(' ', method_end + 1);
  std::size_t at = text.find(line_end) + line_end.size();
  fields.push_back({":method", text.substr(0, method_end)});
  fields.push_back({":scheme", scheme});
  fields.push_back({":authority", {}});
  fields.push_back({":path", text.substr(method_end + 1, target_end - method_end - 1)});
  const std::size_t authority = 2;
  while (true) {
    const std::size_t end = text.find(line_end, at);
    if (end == at || end == std::string_view::npos) return;
    const std::size_t colon = text.find(':', at);
    for (std::size_t i = at; i < colon; ++i)
      if (head[i] >= 'A' && head[i] <= 'Z') head[i] = static_cast<char>(head[i] - 'A' + 'a');
    const std::string_view name = text.substr(at, colon - at);
    const std::string_view value = trim_blanks(text.substr(colon + 1, end - colon - 1));
    at = end + line_end.size();
    if (name == "host") fields[authority].value = value;
    if (is_of_connection(name)) continue;
    if (name == "cookie")
      append_cookies(value, fields);
    else
      fields.push_back({name, value});
  }
}

void Http2ResponseReader::begin(HttpMessage& message, const Http1Expectation& expectation) {
  message.clear();
  message.version_major_ = 2;
  message.version_minor_ = 0;
  message.keep_alive_ = true;
  message_ = &message;
  expectation_ = expectation;
}

Result<> Http2ResponseReader::head(std::span<const HttpField> fields) {
  if (head_done()) return {};
  std::uint16_t status = 0;
  const bool has_status = !fields.empty() && fields.front().name == ":status";
  if (has_status) {
    const std::string_view digits = fields.front().value;
    std::from_chars(digits.data(), digits.data() + digits.size(), status);
  }
  if (status < 100) return fail(ErrorCode::malformed, "a response without a status");
  if (status < 200) {
    message_->interim_status_ = status;
    if (++message_->interim_count_ > limits_.interim_max)
      return fail(ErrorCode::too_large,
                  fmt::format("more than {} interim responses", limits_.interim_max));
    return {};
  }
  if (fields.size() > limits_.fields_max)
    return fail(ErrorCode::too_large, fmt::format("more than {} fields", limits_.fields_max));
  message_->bytes_ = reason_phrase(status);
  message_->reason_ = {0, static_cast<std::uint32_t>(message_->bytes_.size())};
  for (const HttpField& field : fields.subspan(1)) take_field(field);
  message_->trailers_from_ = message_->places_.size();
  message_->status_ = status;
  return {};
}

void Http2ResponseReader::take_field(const HttpField& field) {
  const auto& [name, value] = field;
  const auto at = static_cast<std::uint32_t>(message_->bytes_.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  message_->bytes_.append(name).append(value);
  message_->places_.push_back({.name_at = at,
                               .name_size = name_size,
                               .value_at = at + name_size,
                               .value_size = static_cast<std::uint32_t>(value.size())});
  if (name == "set-cookie") message_->has_set_cookie_ = true;
  if (name == "content-encoding") message_->has_content_encoding_ = true;
  // nghttp2 has seen that it is a number, and that the body is as long.
  if (name == "content-length")
    message_->has_content_length_ =
        std::from_chars(value.data(), value.data() + value.size(), message_->content_length_).ec ==
        std::errc();
}

Result<> Http2ResponseReader::data(std::string_view bytes) {
  message_->body_bytes_ += bytes.size();
  if (message_->body_bytes_ > limits_.body_bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("a body of more than {} bytes", limits_.body_bytes_max));
  if (expectation_.body == BodyHandling::keep) message_->body.append(bytes);
  return {};
}

}  // namespace brunt
