#include "wire/http1_head.h"

#include "wire/http1_characters.h"

namespace brunt {
namespace {

using Verdict = Http1HeadReader::Verdict;

constexpr std::string_view version_prefix = "HTTP/1.";
constexpr std::size_t version_size = version_prefix.size() + 1;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Verdict Http1HeadReader::read_head() {
  const Verdict start = role_ == Http1Role::client ? status_line() : request_line();
  if (start != Verdict::complete) return start;
  if (at_ > limits_.start_line_max) return Verdict::too_large;
  const Verdict rest = fields();
  if (rest != Verdict::complete) return rest;
  message_.trailers_from_ = message_.places_.size();
  if (role_ == Http1Role::client || message_.version_minor_ == 0) return rest;
  if (framing_.hosts == 0) return malformed("a request of HTTP/1.1 without Host");
  if (framing_.hosts > 1) return malformed("more than one Host");
  return rest;
}

Verdict Http1HeadReader::read_trailers(std::uint32_t at) {
  at_ = at;
  in_trailers_ = true;
  return fields();
}

Verdict Http1HeadReader::version(std::size_t at) {
  if (bytes_.size() - at < version_size) return Verdict::incomplete;
  if (bytes_.substr(at, version_prefix.size()) != version_prefix)
    return malformed("not HTTP/1.x where the version should stand");
  const char minor = bytes_[at + version_prefix.size()];
  if (minor != '0' && minor != '1') return malformed("a version that is neither 1.0 nor 1.1");
  message_.version_minor_ = minor == '1' ? 1 : 0;
  return Verdict::complete;
}

// HTTP/1.1 200 OK. The blank after the status may lack when there is no reason, as it does from
// some old servers.
Verdict Http1HeadReader::status_line() {
  constexpr std::size_t status_at = version_size + 1;
  constexpr std::size_t status_digits = 3;
  const Verdict known = version(0);
  if (known != Verdict::complete) return known;
  if (!left(status_at + status_digits + 1)) return Verdict::incomplete;
  const char* digits = bytes_.data() + status_at;
  if (bytes_[version_size] != ' ' || digits[0] < '1' || digits[0] > '9' || !is_digit(digits[1]) ||
      !is_digit(digits[2]))
    return malformed("a status line without a status of three digits");
  message_.status_ = static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 +
                                                (digits[2] - '0'));
  at_ = status_at + status_digits;
  const bool blank = bytes_[at_] == ' ';
  if (!blank && bytes_[at_] != '\r' && bytes_[at_] != '\n')
    return malformed("a status of more than three digits");
  if (blank) ++at_;
  const char* from = bytes_.data() + at_;
  const char* to = find_control(from, bytes_.data() + bytes_.size());
  message_.reason_ = {static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(to - from)};
  at_ += static_cast<std::size_t>(to - from);
  return line_end();
}

// GET /path HTTP/1.1, with exactly one blank between the parts.
Verdict Http1HeadReader::request_line() {
  while (at_ < bytes_.size() && is_token_character(bytes_[at_])) ++at_;
  if (at_ == bytes_.size()) return Verdict::incomplete;
  if (at_ == 0 || bytes_[at_] != ' ') return malformed("a request line without a method");
  message_.method_ = {0, static_cast<std::uint32_t>(at_)};
  const std::size_t target = ++at_;
  const char* const end = bytes_.data() + bytes_.size();
  const char* cursor = bytes_.data() + target;
  while (cursor != end && *cursor != ' ' && !is_control(*cursor) && *cursor != '\t') ++cursor;
  if (cursor == end) return Verdict::incomplete;
  at_ = static_cast<std::size_t>(cursor - bytes_.data());
  if (at_ == target || *cursor != ' ') return malformed("a request line without a target");
  message_.target_ = {static_cast<std::uint32_t>(target), static_cast<std::uint32_t>(at_ - target)};
  ++at_;
  const Verdict known = version(at_);
  if (known != Verdict::complete) return known;
  at_ += version_size;
  return line_end();
}

Verdict Http1HeadReader::line_end() {
  if (!left(1)) return Verdict::incomplete;
  if (bytes_[at_] == '\r') {
    if (!left(2)) return Verdict::incomplete;
    if (bytes_[at_ + 1] != '\n') return malformed("a CR that no LF follows");
    at_ += 2;
    return Verdict::complete;
  }
  if (bytes_[at_] != '\n') return malformed("a control character");
  if (role_ == Http1Role::server) return malformed("a line that ends in a bare LF");
  ++at_;
  return Verdict::complete;
}

Verdict Http1HeadReader::fields() {
  while (true) {
    if (!left(1)) return Verdict::incomplete;
    const char first = bytes_[at_];
    if (first == '\r' || first == '\n') return line_end();
    if (is_blank(first)) return malformed("a folded field line");
    if (message_.places_.size() >= limits_.fields_max) return Verdict::too_large;
    const Verdict line = field_line();
    if (line != Verdict::complete) return line;
  }
}

Verdict Http1HeadReader::field_line() {
  const char* const begin = bytes_.data();
  const char* const end = begin + bytes_.size();
  const char* const name = begin + at_;
  const char* cursor = name;
  while (cursor != end && is_token_character(*cursor)) ++cursor;
  if (cursor == end) return Verdict::incomplete;
  if (*cursor != ':' || cursor == name) return malformed("a field line without a valid name");
  const char* const colon = cursor;
  do ++cursor;
  while (cursor != end && is_blank(*cursor));
  const char* const value = cursor;
  cursor = find_control(cursor, end);
  at_ = static_cast<std::size_t>(cursor - begin);
  if (end - cursor >= 2 && cursor[0] == '\r' && cursor[1] == '\n') [[likely]] {
    at_ += 2;
  } else if (const Verdict ended = line_end(); ended != Verdict::complete) {
    return ended;
  }
  while (cursor != value && is_blank(cursor[-1])) --cursor;
  message_.places_.push_back({.name_at = static_cast<std::uint32_t>(name - begin),
                              .name_size = static_cast<std::uint32_t>(colon - name),
                              .value_at = static_cast<std::uint32_t>(value - begin),
                              .value_size = static_cast<std::uint32_t>(cursor - value)});
  if (in_trailers_)
    return Verdict::complete;  // A trailer never changes the framing: RFC 9110, 6.5.
  return interpret({name, colon}, {value, cursor});
}

// By the name's length first: most fields are none of these.
Verdict Http1HeadReader::interpret(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (equals_lower(name, "host")) ++framing_.hosts;
      break;
    case 6:
      if (equals_lower(name, "expect") && equals_lower(value, "100-continue"))
        message_.expects_continue_ = true;
      break;
    case 10:
      if (equals_lower(name, "connection")) connection(value);
      if (equals_lower(name, "set-cookie")) message_.has_set_cookie_ = true;
      break;
    case 14:
      if (equals_lower(name, "content-length")) return content_length(value);
      break;
    case 16:
      if (equals_lower(name, "content-encoding")) message_.has_content_encoding_ = true;
      break;
    case 17:
      if (equals_lower(name, "transfer-encoding")) {
        if (framing_.has_transfer_encoding) return malformed("Transfer-Encoding more than once");
        framing_.has_transfer_encoding = true;
        framing_.chunked = equals_lower(value, "chunked");
      }
      break;
    default:
      break;
  }
  return Verdict::complete;
}

// "12", and "12, 12" as a proxy may have joined it.
Verdict Http1HeadReader::content_length(std::string_view value) {
  while (true) {
    const auto comma = value.find(',');
    const std::string_view part = trim_blanks(value.substr(0, comma));
    std::uint64_t number = 0;
    for (const char c : part) {
      if (!is_digit(c)) return malformed("a Content-Length that is not a number");
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (number > (UINT64_MAX - digit) / 10) return malformed("a Content-Length that overflows");
      number = number * 10 + digit;
    }
    if (part.empty()) return malformed("an empty Content-Length");
    if (framing_.has_content_length && framing_.content_length != number)
      return malformed("two Content-Lengths that differ");
    framing_.has_content_length = true;
    framing_.content_length = number;
    if (comma == std::string_view::npos) return Verdict::complete;
    value.remove_prefix(comma + 1);
  }
}

void Http1HeadReader::connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const std::string_view token = trim_blanks(value.substr(0, comma));
    if (equals_lower(token, "close")) framing_.close = true;
    if (equals_lower(token, "keep-alive")) framing_.keep_alive = true;
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
}

}  // namespace brunt
