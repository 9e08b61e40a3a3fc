#include "wire/http1_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "wire/http1_characters.h"
#include "wire/http1_head.h"

namespace brunt {
namespace {

// A body is given room at once when its length is announced, but not more than this on a mere word.
constexpr std::uint64_t reserve_max = 1u << 20u;
constexpr std::uint32_t blank_bytes_max = 8;  // CR and LF before a request line: RFC 9112, 2.2.
constexpr std::string_view response_prefix = "HTTP/";

// Where the section that begins at `section` ends (behind its blank line), looking from `from` on;
// 0 where it does not end yet.
std::size_t section_end(std::string_view bytes, std::size_t section, std::size_t from) {
  const char* const begin = bytes.data();
  const char* cursor = begin + from;
  const char* const end = begin + bytes.size();
  while (cursor < end) {
    const auto* lf =
        static_cast<const char*>(std::memchr(cursor, '\n', static_cast<std::size_t>(end - cursor)));
    if (lf == nullptr) return 0;
    const char* line = lf;
    if (line > begin + section && line[-1] == '\r') --line;
    if (line == begin + section || line[-1] == '\n')
      return static_cast<std::size_t>(lf - begin) + 1;
    cursor = lf + 1;
  }
  return 0;
}

bool never_has_body(std::uint16_t status) {
  return status == 204 || status == 304 || status < 200;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void Http1Parser::begin(HttpMessage& message, const Http1Expectation& expectation) {
  message.clear();
  message_ = &message;
  expectation_ = expectation;
  left_ = 0;
  scanned_ = section_ = line_bytes_ = 0;
  phase_ = Phase::start;
  upgraded_ = false;
  head_fitted_ = false;
}

std::unexpected<Error> Http1Parser::refuse(ErrorCode code, std::string_view text) {
  phase_ = Phase::failed;
  const std::string_view what = role_ == Http1Role::client ? "response" : "request";
  const std::string_view judgement = code == ErrorCode::malformed ? "malformed " : "";
  return fail(code, fmt::format("{}{}: {}", judgement, what, text));
}

Result<std::size_t> Http1Parser::feed(ByteView bytes) {
  ASSERT(message_ != nullptr && phase_ != Phase::done && phase_ != Phase::failed);
  const std::string_view text = as_text(bytes);
  std::size_t used = 0;
  while (used < text.size() && phase_ != Phase::done) {
    const std::string_view rest = text.substr(used);
    Result<std::size_t> step = 0;
    if (phase_ <= Phase::head)
      step = feed_head(rest);
    else if (phase_ == Phase::trailers)
      step = feed_trailers(rest);
    else if (phase_ == Phase::body_length || phase_ == Phase::body_until_close ||
             phase_ == Phase::chunk_data)
      step = feed_body(rest);
    else
      step = feed_chunk_framing(rest);
    if (!step) return step;
    used += *step;
  }
  return used;
}

Result<std::size_t> Http1Parser::feed_head(std::string_view bytes) {
  std::string& head = message_->bytes_;
  if (head.empty()) {
    std::size_t blank = 0;
    if (role_ == Http1Role::server) {
      while (blank < bytes.size() && (bytes[blank] == '\r' || bytes[blank] == '\n')) ++blank;
      scanned_ += static_cast<std::uint32_t>(blank);
      if (scanned_ > blank_bytes_max)
        return refuse(ErrorCode::malformed, "blank lines instead of a request");
      if (blank > 0) return blank;
    }
    // The usual case: the whole head in one piece. Whatever is not plainly fine is looked at again
    // below, so that the verdict does not depend on how the bytes were cut.
    Http1HeadReader reader(role_, *limits_, *message_, bytes);
    if (reader.read_head() == Http1HeadReader::Verdict::complete &&
        reader.size() <= limits_->head_bytes_max) {
      head.assign(bytes.substr(0, reader.size()));
      TRY(head_complete(reader.framing()));
      return reader.size();
    }
    message_->places_.clear();
    phase_ = Phase::head;
    scanned_ = 0;
  }
  return feed_split_head(bytes);
}

Result<std::size_t> Http1Parser::feed_split_head(std::string_view bytes) {
  std::string& head = message_->bytes_;
  const std::size_t before = head.size();
  head.append(bytes.substr(0, std::size_t{limits_->head_bytes_max} + 1));
  if (role_ == Http1Role::client &&
      head.compare(0, response_prefix.size(), response_prefix, 0, head.size()) != 0)
    return refuse(ErrorCode::malformed, "it does not begin with HTTP/");
  if (role_ == Http1Role::server && !is_token_character(head.front()))
    return refuse(ErrorCode::malformed, "it does not begin with a method (TLS on a plain port?)");

  const std::size_t end = section_end(head, 0, scanned_);
  const std::string_view known(head.data(), end != 0 ? end : head.size());
  const std::size_t start_line = std::min(known.find('\n'), known.size());
  if (start_line > limits_->start_line_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("the start line is longer than {} bytes", limits_->start_line_max));
  if (known.size() > limits_->head_bytes_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("the head is larger than {} bytes", limits_->head_bytes_max));
  scanned_ = static_cast<std::uint32_t>(head.size());
  if (end == 0) return bytes.size();

  head.resize(end);
  message_->places_.clear();
  Http1HeadReader reader(role_, *limits_, *message_, head);
  const auto verdict = reader.read_head();
  if (verdict == Http1HeadReader::Verdict::too_large)
    return refuse(ErrorCode::too_large,
                  fmt::format("it has more than {} fields", limits_->fields_max));
  if (verdict != Http1HeadReader::Verdict::complete || reader.size() != end)
    return refuse(ErrorCode::malformed, *reader.problem() != 0 ? reader.problem() : "a cut line");
  TRY(head_complete(reader.framing()));
  return end - before;
}

// RFC 9112, section 6.3, in its order.
Result<> Http1Parser::head_complete(const Http1Framing& framing) {
  head_fitted_ = true;
  HttpMessage& message = *message_;
  const bool client = role_ == Http1Role::client;
  message.keep_alive_ = !framing.close && (message.version_minor_ >= 1 || framing.keep_alive);
  message.has_content_length_ = framing.has_content_length && !framing.has_transfer_encoding;
  message.content_length_ = message.has_content_length_ ? framing.content_length : 0;

  if (client && message.status_ == 101) {
    upgraded_ = true;
    phase_ = Phase::done;
    return {};
  }
  if (client && message.status_ < 200) return interim_complete();
  if (client && (expectation_.answers_head || never_has_body(message.status_))) {
    phase_ = Phase::done;
    return {};
  }
  if (framing.has_transfer_encoding) {
    if (!framing.chunked)
      return refuse(ErrorCode::malformed, "a Transfer-Encoding other than chunked");
    if (!client && framing.has_content_length)
      return refuse(ErrorCode::malformed, "both Transfer-Encoding and Content-Length");
    if (!client && message.version_minor_ == 0)
      return refuse(ErrorCode::malformed, "Transfer-Encoding in HTTP/1.0");
    // What came with a doubtful framing is not followed by anything we would trust.
    if (framing.has_content_length || message.version_minor_ == 0) message.keep_alive_ = false;
    phase_ = Phase::chunk_size;
    return {};
  }
  if (!framing.has_content_length) {
    phase_ = client ? Phase::body_until_close : Phase::done;
    if (client) message.keep_alive_ = false;
    return {};
  }
  if (framing.content_length > limits_->body_bytes_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("a body of {} bytes is announced, the limit is {}",
                              framing.content_length, limits_->body_bytes_max));
  left_ = framing.content_length;
  if (expectation_.body == BodyHandling::keep) message.body.reserve(std::min(left_, reserve_max));
  phase_ = left_ == 0 ? Phase::done : Phase::body_length;
  return {};
}

// Forgets an interim response, but for the fact that it came.
Result<> Http1Parser::interim_complete() {
  const std::uint32_t count = message_->interim_count_ + 1;
  const std::uint16_t status = message_->status_;
  if (count > limits_->interim_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("more than {} interim responses", limits_->interim_max));
  message_->clear();
  message_->interim_count_ = count;
  message_->interim_status_ = status;
  scanned_ = 0;
  phase_ = Phase::head;
  return {};
}

void Http1Parser::take_body(std::string_view bytes) {
  message_->body_bytes_ += bytes.size();
  if (expectation_.body == BodyHandling::keep) message_->body.append(bytes);
}

Result<std::size_t> Http1Parser::feed_body(std::string_view bytes) {
  if (phase_ == Phase::body_until_close) {
    if (bytes.size() > limits_->body_bytes_max - message_->body_bytes_)
      return refuse(ErrorCode::too_large,
                    fmt::format("the body is larger than {} bytes", limits_->body_bytes_max));
    take_body(bytes);
    return bytes.size();
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  take_body(bytes.substr(0, size));
  left_ -= size;
  if (left_ == 0) phase_ = phase_ == Phase::chunk_data ? Phase::chunk_data_cr : Phase::done;
  return size;
}

// One byte a step: chunk lines are short.
Result<std::size_t> Http1Parser::feed_chunk_framing(std::string_view bytes) {
  const char c = bytes.front();
  const bool bare_lf = c == '\n' && role_ == Http1Role::client;
  switch (phase_) {
    case Phase::chunk_size: {
      if (const int digit = hex_digit(c); digit >= 0) {
        if (left_ >> 60u != 0) return refuse(ErrorCode::malformed, "a chunk size that overflows");
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        break;
      }
      if (line_bytes_ == 0) return refuse(ErrorCode::malformed, "a chunk without a size");
      if (c != ';' && !is_blank(c) && c != '\r' && !bare_lf)
        return refuse(ErrorCode::malformed, "a chunk size that is not hexadecimal");
      phase_ = Phase::chunk_extension;
      [[fallthrough]];
    }
    case Phase::chunk_extension:
      if (c == '\r') phase_ = Phase::chunk_size_lf;
      if (bare_lf) TRY(chunk_line_done());
      if (c != '\r' && !bare_lf && is_control(c))
        return refuse(ErrorCode::malformed, "a control character in a chunk extension");
      break;
    case Phase::chunk_size_lf:
      if (c != '\n') return refuse(ErrorCode::malformed, "a CR that no LF follows in a chunk line");
      TRY(chunk_line_done());
      break;
    case Phase::chunk_data_cr:
      if (c != '\r' && !bare_lf)
        return refuse(ErrorCode::malformed, "a chunk that is longer than its size");
      phase_ = c == '\r' ? Phase::chunk_data_lf : Phase::chunk_size;
      break;
    case Phase::chunk_data_lf:
      if (c != '\n') return refuse(ErrorCode::malformed, "a CR that no LF follows after a chunk");
      phase_ = Phase::chunk_size;
      break;
    default:
      ASSERT(false);
  }
  const bool in_line = phase_ <= Phase::chunk_size_lf && phase_ >= Phase::chunk_size;
  if (in_line && c != '\n' && ++line_bytes_ > limits_->chunk_line_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("a chunk line of more than {} bytes", limits_->chunk_line_max));
  return 1;
}

Result<> Http1Parser::chunk_line_done() {
  line_bytes_ = 0;
  if (left_ == 0) {
    section_ = scanned_ = static_cast<std::uint32_t>(message_->bytes_.size());
    phase_ = Phase::trailers;
    return {};
  }
  if (left_ > limits_->body_bytes_max - message_->body_bytes_)
    return refuse(ErrorCode::too_large,
                  fmt::format("the body is larger than {} bytes", limits_->body_bytes_max));
  phase_ = Phase::chunk_data;
  return {};
}

Result<std::size_t> Http1Parser::feed_trailers(std::string_view bytes) {
  std::string& all = message_->bytes_;
  const std::size_t before = all.size();
  all.append(bytes.substr(0, std::size_t{limits_->head_bytes_max} + 1));
  const std::size_t end = section_end(all, section_, scanned_);
  if ((end != 0 ? end : all.size()) - section_ > limits_->head_bytes_max)
    return refuse(ErrorCode::too_large,
                  fmt::format("the trailers are larger than {} bytes", limits_->head_bytes_max));
  scanned_ = static_cast<std::uint32_t>(all.size());
  if (end == 0) return bytes.size();
  all.resize(end);
  Http1HeadReader reader(role_, *limits_, *message_, all);
  const auto verdict = reader.read_trailers(section_);
  if (verdict == Http1HeadReader::Verdict::too_large)
    return refuse(ErrorCode::too_large,
                  fmt::format("it has more than {} fields", limits_->fields_max));
  if (verdict != Http1HeadReader::Verdict::complete || reader.size() != end)
    return refuse(ErrorCode::malformed, *reader.problem() != 0 ? reader.problem() : "a cut line");
  phase_ = Phase::done;
  return end - before;
}

Result<> Http1Parser::finish() {
  ASSERT(message_ != nullptr && phase_ != Phase::done && phase_ != Phase::failed);
  const Phase phase = phase_;
  if (phase == Phase::body_until_close) {
    phase_ = Phase::done;
    return {};
  }
  phase_ = Phase::failed;
  if (phase == Phase::start) return fail(ErrorCode::closed, "closed before the first byte");
  if (phase == Phase::head)
    return fail(ErrorCode::closed,
                fmt::format("closed after {} bytes of the head", message_->bytes_.size()));
  if (phase == Phase::body_length)
    return fail(ErrorCode::closed, fmt::format("closed after {} of {} body bytes",
                                               message_->body_bytes(), message_->content_length_));
  return fail(ErrorCode::closed,
              fmt::format("closed after {} bytes of a chunked body", message_->body_bytes()));
}

}  // namespace brunt
