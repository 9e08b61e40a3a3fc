// What is native in library/text.js: texts into bytes and back.
#include <array>

#include "base/base64.h"
#include "script/library.h"
#include "script/script_bytes.h"

namespace brunt {
namespace {

// How many bytes the UTF-8 sequence that begins with `first` has; 1 where none does.
std::size_t sequence_size(unsigned char first) {
  if (first >= 0xF0 && first <= 0xF4) return 4;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xC2 && first < 0xE0 ? 2 : 1;
}

// The bounds of a sequence's second byte: no overlong form, no surrogate, nothing above U+10FFFF.
bool may_follow(unsigned char first, unsigned char second) {
  if (first == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (first == 0xED) return second >= 0x80 && second <= 0x9F;
  if (first == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (first == 0xF4) return second >= 0x80 && second <= 0x8F;
  return second >= 0x80 && second <= 0xBF;
}

struct Utf8Piece {
  std::size_t size = 1;
  bool is_good = false;
  bool is_cut = false;  // Good as far as it goes: the text ends in the middle.
};

Utf8Piece piece_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {.is_good = true};
  const std::size_t size = sequence_size(byte(0));
  if (size == 1) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {.size = i, .is_cut = true};
    if (i == 1 ? !may_follow(byte(0), byte(1)) : (byte(i) & 0xC0U) != 0x80U) return {.size = i};
  }
  return {.size = size, .is_good = true};
}

JSValue js_encode(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const JsText text(context, arguments[0]);
  return text.ok() ? js_array_buffer(context, text.view()) : js_exception;
}

// What is not UTF-8 becomes U+FFFD, or a TypeError where that was asked for.
JSValue js_decode(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string bytes, text;
  if (!read_bytes(context, arguments[0], bytes)) return js_exception;
  const bool is_fatal = JS_ToBool(context, arguments[1]) > 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const Utf8Piece piece = piece_at(rest);
    if (!piece.is_good && is_fatal)
      return JS_ThrowTypeError(context, "TextDecoder: the bytes are not UTF-8");
    text.append(piece.is_good ? rest.substr(0, piece.size) : "\xEF\xBF\xBD");
    rest.remove_prefix(piece.size);
  }
  return js_string(context, text);
}

// How many bytes there are before a sequence that the end cuts.
JSValue js_whole(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string bytes;
  if (!read_bytes(context, arguments[0], bytes)) return js_exception;
  std::size_t whole = bytes.size();
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back)
    if (piece_at(std::string_view(bytes).substr(bytes.size() - back)).is_cut)
      whole = bytes.size() - back;
  return JS_NewInt64(context, static_cast<std::int64_t>(whole));
}

JSValue js_latin1(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string bytes, text;
  if (!read_bytes(context, arguments[0], bytes)) return js_exception;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) text += static_cast<char>(0xC0U | byte >> 6U);
    text += static_cast<char>(byte >= 0x80 ? 0x80U | (byte & 0x3FU) : byte);
  }
  return js_string(context, text);
}

// Each character of `text` as a byte; false where one is above U+00FF.
bool read_latin1(std::string_view text, std::string& bytes) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first >= 0xC4) return false;
    if (first < 0x80) {
      bytes += text[i];
    } else {
      bytes += static_cast<char>((first & 0x03U) << 6U | (text[++i] & 0x3F));
    }
  }
  return true;
}

JSValue js_btoa(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const JsText text(context, arguments[0]);
  std::string bytes;
  if (!text.ok()) return js_exception;
  if (!read_latin1(text.view(), bytes))
    return throw_error(context, "btoa(): the text has a character above U+00FF");
  return js_string(context, base64_encode(bytes));
}

JSValue js_atob(JSContext* context, JSValueConst self, int, JSValueConst* arguments) {
  std::string text = text_of(context, arguments[0]);
  std::erase_if(text, [](char c) { return std::string_view(" \t\n\f\r").contains(c); });
  const auto bytes = base64_decode(text);
  if (!bytes || text.find_first_of("-_") != std::string::npos)
    return throw_error(context, "atob(): the text is not Base64");
  const JsValue buffer(context, js_array_buffer(context, *bytes));
  JSValueConst of_bytes[] = {buffer.get()};
  return bytes->empty() ? js_string(context, "") : js_latin1(context, self, 1, of_bytes);
}

constexpr std::array<JsFunction, 6> natives = {{{"encode", js_encode, 1},
                                                {"decode", js_decode, 2},
                                                {"whole", js_whole, 1},
                                                {"latin1", js_latin1, 1},
                                                {"btoa", js_btoa, 1},
                                                {"atob", js_atob, 1}}};

}  // namespace

std::span<const JsFunction> text_natives() {
  return natives;
}

}  // namespace brunt
