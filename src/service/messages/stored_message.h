// How messages lie on the disk: a head, and behind it records without gaps. The same in a segment,
// which one worker writes, and in the output, where the accumulator puts one segment behind the
// other.
//
//   head    magic "BRMSGS1\n" | generation u64 | number u64 | output bytes u64 | bytes u64
//           | process u16 | worker u16 | CRC-32C u32 of the 44 bytes before          48 bytes
//   record  magic "Ms" | length u16 | CRC-32C u32 of all that follows in the record
//           | client u32 | sequence u32 | received u64 (ns since 1970)               24 bytes
//           | payload, `length` bytes
//
// All numbers are little-endian. Each record can be told from damage by itself, so that a reader
// finds back after a damaged stretch.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace brunt {

inline constexpr std::size_t stored_head_bytes = 48;
inline constexpr std::size_t stored_record_head_bytes = 24;
inline constexpr std::size_t stored_payload_bytes_max = 65'535;

struct StoredMessage {
  std::uint32_t client = 0;
  std::uint32_t sequence = 0;
  std::int64_t received_unix_ns = 0;
  ByteView payload = {};
};

// Which segment it is; never twice, not even after a restart. Messages of one worker are in the
// order of its segments' numbers.
struct SegmentId {
  std::uint64_t generation = 0;  // Of the server's start: its wall clock, in ns.
  std::uint16_t process = 0;
  std::uint16_t worker = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

struct StoredHead {
  SegmentId id;
  std::uint64_t output_bytes = 0;  // Of the output when the segment was begun: whoever looks for
                                   // the segment in the output need not look before that.
  std::uint64_t bytes = 0;         // Of records, in the output; 0 in a segment: up to its end.
};

void encode_stored_head(const StoredHead& head, std::byte* to);
std::optional<StoredHead> decode_stored_head(ByteView bytes);

// File names of segments: "G-P-W-N.open" while the worker writes it, "G-P-W-N.segment" when it is
// finished, hexadecimal; sorted by name is in order.
std::string segment_name(const SegmentId& id, std::string_view ending);
std::optional<SegmentId> parse_segment_name(std::string_view name);  // With either ending.
inline constexpr std::string_view open_ending = ".open";
inline constexpr std::string_view finished_ending = ".segment";
inline constexpr std::string_view damaged_ending = ".damaged";

// Grows like a vector, but neither zeroes what it grows by nor gives memory back when cleared.
class RecordBuffer {
 public:
  std::byte* grow(std::size_t bytes) {
    if (size_ + bytes > capacity_) make_room(bytes);
    std::byte* const at = data_.get() + size_;
    size_ += bytes;
    return at;
  }
  void clear() { size_ = 0; }
  void shrink(std::size_t bytes_kept);  // Only when empty: gives memory back beyond that.
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  ByteView view() const { return {data_.get(), size_}; }

 private:
  void make_room(std::size_t bytes);

  std::unique_ptr<std::byte[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

// REQUIRES: a payload of at most stored_payload_bytes_max.
void append_stored(RecordBuffer& out, const StoredMessage& message);

// Reads a record at the start of `bytes`, and moves past it. nullopt: there is none, or it is
// damaged, or `bytes` ends before it does.
std::optional<StoredMessage> take_stored(ByteView& bytes);

// How many bytes to skip until something intact begins, a record or a head; bytes.size() if nothing
// does.
std::size_t find_stored(ByteView bytes);

}  // namespace brunt
