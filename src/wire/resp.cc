#include "wire/resp.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/json.h"

namespace brunt {
namespace {

std::unexpected<Error> malformed(std::string_view why) {
  return fail(ErrorCode::malformed, fmt::format("RESP: {}", why));
}

template <typename Number>
bool read_whole(std::string_view text, Number& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_number_in_json(std::string_view text) {
  // "inf", "nan" and "1." are RESP's, and no JSON.
  const auto parsed = Json::parse(text);
  return parsed && parsed->is_number();
}

}  // namespace

void RespReply::append_text(std::string& out) const {
  const RespValue& whole = values_.front();
  switch (whole.kind) {
    case RespKind::string:
    case RespKind::error:
    case RespKind::number:
    case RespKind::big_number:
      out += text(whole);
      return;
    case RespKind::null:
      return;
    default:
      append_json(out);
  }
}

void RespReply::append_json(std::string& out) const {
  append_value(out, 0);
}

// Gives the index behind the value and all that is in it.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the decoder's depth_max.
std::size_t RespReply::append_value(std::string& out, std::size_t index) const {
  const RespValue& value = values_[index];
  switch (value.kind) {
    case RespKind::integer:
      fmt::format_to(std::back_inserter(out), "{}", value.integer);
      return index + 1;
    case RespKind::boolean:
      out += value.integer != 0 ? "true" : "false";
      return index + 1;
    case RespKind::null:
      out += "null";
      return index + 1;
    case RespKind::number:
      if (is_number_in_json(text(value)))
        out += text(value);
      else
        append_json_string(out, text(value));
      return index + 1;
    case RespKind::string:
    case RespKind::error:
    case RespKind::big_number:
      append_json_string(out, text(value));
      return index + 1;
    default:
      return append_members(out, index);
  }
}

// NOLINTNEXTLINE(misc-no-recursion): see above.
std::size_t RespReply::append_members(std::string& out, std::size_t index) const {
  const bool is_map = values_[index].kind == RespKind::map;
  const std::uint32_t count = values_[index].children;
  out += is_map ? '{' : '[';
  ++index;
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool is_key = is_map && i % 2 == 0;
    if (i > 0) out += is_map && !is_key ? ':' : ',';
    const RespKind kind = values_[index].kind;
    if (is_key && kind != RespKind::string && kind != RespKind::error &&
        kind != RespKind::big_number) {
      // A key of JSON is a text.
      std::string key;
      index = append_value(key, index);
      append_json_string(out, key);
    } else {
      index = append_value(out, index);
    }
  }
  out += is_map ? '}' : ']';
  return index;
}

void RespDecoder::begin() {
  constexpr std::size_t kept = 1u << 20u;  // One huge reply must not hold its memory for ever.
  if (bytes_.capacity() > kept) std::string().swap(bytes_);
  if (values_.capacity() > kept / sizeof(RespValue)) std::vector<RespValue>().swap(values_);
  bytes_.clear();
  values_.clear();
  open_.clear();
  line_at_ = 0;
  text_left_ = 0;
  is_done_ = false;
}

Result<bool> RespDecoder::next(ByteView& input) {
  if (is_done_) begin();
  while (!is_done_) {
    if (input.empty()) return false;
    if (!TRY(text_left_ > 0 ? take_text(input) : take_line(input))) return false;
  }
  return true;
}

Result<bool> RespDecoder::take_line(ByteView& input) {
  const std::string_view text = as_text(input);
  const std::size_t end = text.find('\n');
  const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
  if (bytes_.size() - line_at_ + size > limits_.line_bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a line of more than {} bytes", limits_.line_bytes_max));
  if (bytes_.size() + size > limits_.bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a reply of more than {} bytes", limits_.bytes_max));
  bytes_.append(text.substr(0, size));
  input = input.subspan(size);
  if (end == std::string_view::npos) return false;
  TRY(read_line());
  line_at_ = bytes_.size();
  return true;
}

Result<bool> RespDecoder::take_text(ByteView& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(text_left_, input.size()));
  bytes_.append(as_text(input).substr(0, size));
  input = input.subspan(size);
  text_left_ -= size;
  if (text_left_ > 0) return false;
  line_at_ = bytes_.size();
  if (!bytes_.ends_with("\r\n")) return malformed("a text is longer than it said");
  RespValue& value = values_.back();
  constexpr std::size_t format_length = 4;  // "txt:"
  if (is_verbatim_) {
    if (value.length < format_length || bytes_[value.at + format_length - 1] != ':')
      return malformed("a verbatim text without its format");
    value.at += format_length;
    value.length -= format_length;
  }
  end_value();
  return true;
}

Result<> RespDecoder::read_line() {
  std::string_view line = std::string_view(bytes_).substr(line_at_);
  if (!line.ends_with("\r\n")) return malformed("a line that does not end in CR LF");
  line.remove_suffix(2);
  if (line.empty()) return malformed("an empty line");
  const char type = line.front();
  line.remove_prefix(1);
  const std::size_t at = line_at_ + 1;
  const auto plain = [&](RespKind kind) -> Result<> {
    RespValue* value = TRY(add(kind));
    value->at = at;
    value->length = line.size();
    if (kind == RespKind::integer && !read_whole(line, value->integer))
      return malformed("an integer that is none");
    double number = 0;
    if (kind == RespKind::number && !read_whole(line, number))
      return malformed("a double that is none");
    if (kind == RespKind::boolean) value->integer = line == "t" ? 1 : 0;
    end_value();
    return {};
  };
  switch (type) {
    case '+':
      return plain(RespKind::string);
    case '-':
      return plain(RespKind::error);
    case ':':
      return plain(RespKind::integer);
    case ',':
      return plain(RespKind::number);
    case '(':
      return plain(RespKind::big_number);
    case '_':
      if (!line.empty()) return malformed("a null with something in it");
      return plain(RespKind::null);
    case '#':
      if (line != "t" && line != "f") return malformed("a boolean that is none");
      return plain(RespKind::boolean);
    case '$':
      return read_text_header(RespKind::string, line);
    case '!':
      return read_text_header(RespKind::error, line);
    case '=': {
      TRY(read_text_header(RespKind::string, line));
      is_verbatim_ = true;
      return {};
    }
    case '*':
      return open(RespKind::array, line, 1);
    case '~':
      return open(RespKind::set, line, 1);
    case '>':
      return open(RespKind::push, line, 1);
    case '%':
      return open(RespKind::map, line, 2);
    case '|': {
      // What it says belongs to the value that follows, and is of no use to us.
      const std::uint64_t pairs = TRY(count_of(line));
      if (open_.size() >= limits_.depth_max) return malformed("nested too deep");
      if (pairs == 0) return {};
      open_.push_back({.index = static_cast<std::uint32_t>(values_.size()),
                       .left = 2 * pairs,
                       .is_attribute = true});
      return {};
    }
    default:
      return malformed(fmt::format("no type of a value begins with byte {}",
                                   static_cast<unsigned>(static_cast<unsigned char>(type))));
  }
}

Result<std::uint64_t> RespDecoder::count_of(std::string_view digits) const {
  std::uint64_t count = 0;
  const bool begins = !digits.empty() && digits.front() >= '0' && digits.front() <= '9';
  if (!begins || !read_whole(digits, count)) return malformed("a length that is none");
  if (count > limits_.bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a value of {} is more than {}", count, limits_.bytes_max));
  return count;
}

Result<RespValue*> RespDecoder::add(RespKind kind) {
  if (values_.size() >= limits_.values_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a reply of more than {} values", limits_.values_max));
  values_.push_back({.kind = kind});
  return &values_.back();
}

Result<> RespDecoder::read_text_header(RespKind kind, std::string_view digits) {
  is_verbatim_ = false;
  if (digits == "-1") {
    static_cast<void>(TRY(add(RespKind::null)));
    end_value();
    return {};
  }
  const std::uint64_t length = TRY(count_of(digits));
  if (bytes_.size() + length + 2 > limits_.bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a reply of more than {} bytes", limits_.bytes_max));
  RespValue* value = TRY(add(kind));
  value->at = bytes_.size();
  value->length = length;
  text_left_ = length + 2;
  return {};
}

Result<> RespDecoder::open(RespKind kind, std::string_view digits, std::uint64_t each) {
  if (digits == "-1") {
    static_cast<void>(TRY(add(RespKind::null)));
    end_value();
    return {};
  }
  const std::uint64_t count = TRY(count_of(digits)) * each;
  if (count > limits_.values_max)
    return fail(ErrorCode::too_large,
                fmt::format("RESP: a reply of more than {} values", limits_.values_max));
  if (open_.size() >= limits_.depth_max) return malformed("nested too deep");
  const auto index = static_cast<std::uint32_t>(values_.size());
  RespValue* value = TRY(add(kind));
  value->children = static_cast<std::uint32_t>(count);
  if (count == 0)
    end_value();
  else
    open_.push_back({.index = index, .left = count});
  return {};
}

// One value is whole; and with it, maybe, those that it was the last of.
void RespDecoder::end_value() {
  while (!open_.empty()) {
    Open& holder = open_.back();
    if (--holder.left > 0) return;
    const bool was_attribute = holder.is_attribute;
    if (was_attribute) values_.resize(holder.index);
    open_.pop_back();
    if (was_attribute) return;  // It is no value of its holder's.
  }
  is_done_ = true;
}

void append_resp_command(std::string& out, std::span<const std::string_view> words) {
  fmt::format_to(std::back_inserter(out), "*{}\r\n", words.size());
  for (const std::string_view word : words) {
    fmt::format_to(std::back_inserter(out), "${}\r\n", word.size());
    out.append(word).append("\r\n");
  }
}

}  // namespace brunt
