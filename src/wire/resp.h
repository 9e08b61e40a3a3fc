// RESP, the protocol of Redis: replies of version 2 and 3 out of bytes in any split, and commands
// into bytes.
//
//   std::string out;
//   append_resp_command(out, std::array<std::string_view, 2>{"GET", "k"});
//   ...
//   RespDecoder decoder;
//   while (TRY(decoder.next(input))) use(decoder.reply());    // input shrinks from its front
//
// A reply is a tree in one flat list, in the order in which it came: a value, then what is in it.
// Nothing is allocated per reply once warm. Attributes are left out; pushes are handed out as
// replies of that kind. Streamed values ("$?") are refused: no server of ours sends them. No I/O.
//
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace brunt {

enum class RespKind : std::uint8_t {
  string,  // Simple, bulk or verbatim.
  error,   // Simple or bulk.
  integer,
  number,  // A double; as text.
  big_number,
  boolean,  // `integer` is 0 or 1.
  null,
  array,
  set,
  map,  // Keys and values in turn.
  push,
};

struct RespValue {
  RespKind kind = RespKind::null;
  std::int64_t integer = 0;
  std::uint64_t at = 0, length = 0;  // Of its text, in the decoder's bytes.
  std::uint32_t children = 0;        // Of arrays, sets, maps (keys and values) and pushes.
};

class RespReply {
 public:
  RespReply(std::span<const RespValue> values, std::string_view bytes)
      : values_(values), bytes_(bytes) {}

  RespKind kind() const { return values_.front().kind; }
  std::span<const RespValue> values() const { return values_; }  // The first is the whole.
  std::string_view text(const RespValue& value) const {
    return bytes_.substr(value.at, value.length);
  }
  std::string_view text() const { return text(values_.front()); }

  // As people and checks read it: a string's or an error's own text, a number's digits, "" for
  // null; anything else as JSON.
  void append_text(std::string& out) const;
  void append_json(std::string& out) const;

 private:
  std::size_t append_value(std::string& out, std::size_t index) const;
  std::size_t append_members(std::string& out, std::size_t index) const;

  std::span<const RespValue> values_;
  std::string_view bytes_;
};

class RespDecoder {
 public:
  struct Limits {
    std::size_t bytes_max = 64u << 20u;  // Of one reply.
    std::size_t line_bytes_max = 64u << 10u;
    std::size_t values_max = 1u << 20u;
    std::size_t depth_max = 32;
  };

  explicit RespDecoder(Limits limits) : limits_(limits) {}
  RespDecoder() : RespDecoder(Limits{}) {}

  // Takes from the front of `input`, at most to the end of one reply. True: reply() is whole;
  // false: all of `input` is taken and more is needed. After an error the stream is of no use any
  // more. Errors: malformed, too_large.
  Result<bool> next(ByteView& input);

  // REQUIRES: next() has just given true. Valid until next() is called again.
  RespReply reply() const { return {values_, bytes_}; }

  // Whether a part of a reply has come.
  bool in_reply() const { return !is_done_ && !bytes_.empty(); }

 private:
  struct Open {  // A value whose members are yet to come.
    std::uint32_t index = 0;
    std::uint64_t left = 0;
    bool is_attribute = false;
  };

  void begin();
  Result<bool> take_line(ByteView& input);
  Result<bool> take_text(ByteView& input);
  Result<> read_line();
  Result<> read_text_header(RespKind kind, std::string_view digits);
  Result<> open(RespKind kind, std::string_view digits, std::uint64_t each);
  Result<RespValue*> add(RespKind kind);
  Result<std::uint64_t> count_of(std::string_view digits) const;
  void end_value();

  Limits limits_;
  std::string bytes_;  // Of the reply so far.
  std::vector<RespValue> values_;
  std::vector<Open> open_;
  std::size_t line_at_ = 0;
  std::uint64_t text_left_ = 0;  // Bytes of a text, with its line's end.
  bool is_verbatim_ = false;
  bool is_done_ = true;
};

void append_resp_command(std::string& out, std::span<const std::string_view> words);

}  // namespace brunt
