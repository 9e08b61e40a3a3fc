#include "wire/http1_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/http1_characters.h"

namespace brunt {
namespace {

struct Phrase {
  std::uint16_t status;
  std::string_view text;
};

// The HTTP status code registry of IANA, ascending.
constexpr std::array phrases = std::to_array<Phrase>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
});

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

bool is_framing(std::string_view name) {
  return equals_lower(name, "content-length") || equals_lower(name, "transfer-encoding");
}

Result<> append_fields(std::string& out, std::span<const HttpField> fields, BodyFraming framing) {
  for (const HttpField& field : fields) {
    if (!is_token(field.name)) [[unlikely]]
      return fail(ErrorCode::invalid, fmt::format("\"{}\" cannot be a field name", field.name));
    if (!is_field_value(field.value)) [[unlikely]]
      return fail(ErrorCode::invalid,
                  fmt::format("the value of field {} holds a control character", field.name));
    if (framing != BodyFraming::none && is_framing(field.name)) [[unlikely]]
      return fail(ErrorCode::invalid,
                  fmt::format("field {} is written by brunt, leave it out", field.name));
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return {};
}

void append_framing(std::string& out, BodyFraming framing, std::uint64_t content_length) {
  if (framing == BodyFraming::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (framing != BodyFraming::content_length) return;
  out += "Content-Length: ";
  append_number(out, content_length, 10);
  out += "\r\n";
}

Result<> append_request_lines(std::string& out, const RequestHead& head) {
  if (!is_token(head.method))
    return fail(ErrorCode::invalid, fmt::format("\"{}\" cannot be a method", head.method));
  if (!is_target(head.target))
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" cannot be a request's target: blanks must be written as %20",
                            head.target));
  if (!is_field_value(head.authority))
    return fail(ErrorCode::invalid, "the host holds a control character");
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  if (!head.authority.empty()) out.append("Host: ").append(head.authority).append("\r\n");
  return append_fields(out, head.fields, head.framing);
}

Result<> append_response_lines(std::string& out, const ResponseHead& head) {
  if (head.status < 100 || head.status > 999)
    return fail(ErrorCode::invalid, fmt::format("{} cannot be a status", head.status));
  if (!is_field_value(head.reason))
    return fail(ErrorCode::invalid, "the reason holds a control character");
  out += head.version_minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  append_number(out, head.status, 10);
  out.append(" ").append(head.reason.empty() ? reason_phrase(head.status) : head.reason);
  out += "\r\n";
  return append_fields(out, head.fields, head.framing);
}

}  // namespace

Result<> append_request_head(std::string& out, const RequestHead& head) {
  const std::size_t before = out.size();
  auto lines = append_request_lines(out, head);
  if (!lines) {
    out.resize(before);
    return lines;
  }
  append_framing(out, head.framing, head.content_length);
  out += "\r\n";
  return {};
}

Result<> append_response_head(std::string& out, const ResponseHead& head) {
  const std::size_t before = out.size();
  auto lines = append_response_lines(out, head);
  if (!lines) {
    out.resize(before);
    return lines;
  }
  append_framing(out, head.framing, head.content_length);
  out += "\r\n";
  return {};
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append("\r\n").append(data).append("\r\n");
}

Result<> append_last_chunk(std::string& out, std::span<const HttpField> trailers) {
  const std::size_t before = out.size();
  out += "0\r\n";
  auto lines = append_fields(out, trailers, BodyFraming::chunked);
  if (!lines) {
    out.resize(before);
    return lines;
  }
  out += "\r\n";
  return {};
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

bool is_field_value(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  return find_control(begin, end) == end;
}

bool is_target(std::string_view text) {
  return !text.empty() && is_field_value(text) &&
         text.find_first_of(" \t") == std::string_view::npos;
}

std::string_view reason_phrase(std::uint16_t status) {
  const auto found = std::ranges::lower_bound(phrases, status, {}, &Phrase::status);
  return found != phrases.end() && found->status == status ? found->text : std::string_view();
}

}  // namespace brunt
