#include "service/messages/accumulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace brunt {
namespace {

constexpr std::uint64_t segment_bytes_read_max = std::uint64_t{1} << 30u;
constexpr std::size_t window_bytes = 1u << 20u;  // For looking through a damaged output.
constexpr std::size_t warnings_max = 100;

// A record or a head that begins in one window ends in the next.
constexpr std::size_t overlap_bytes = stored_record_head_bytes + stored_payload_bytes_max;

}  // namespace

MessageAccumulator::MessageAccumulator(Folder& segments, const AccumulatorOptions& options,
                                       AccumulatorStats& stats)
    : segments_(segments), options_(options), stats_(stats) {}

Result<std::unique_ptr<MessageAccumulator>> MessageAccumulator::open(
    Folder& outputs, Folder& segments, const AccumulatorOptions& options, AccumulatorStats& stats) {
  std::unique_ptr<MessageAccumulator> accumulator(
      // make_unique cannot reach a private constructor.
      new MessageAccumulator(segments, options, stats));
  accumulator->output_ = TRY(outputs.open(options.output, FolderOpen::create));
  if (options.sync) TRY(outputs.sync());
  TRY(accumulator->recover());
  return accumulator;
}

std::vector<std::string> MessageAccumulator::take_warnings() {
  return std::exchange(warnings_, {});
}

Result<MessageAccumulator::Segments> MessageAccumulator::list_segments() {
  Segments found;
  for (std::string& name : TRY(segments_.names()))
    if (const auto id = parse_segment_name(name)) found.emplace(*id, std::move(name));
  return found;
}

Result<> MessageAccumulator::recover() {
  length_ = TRY(output_->size());
  const Segments left = TRY(list_segments());
  if (!left.empty()) {
    const std::uint64_t first = TRY(first_place(left));
    TRY(walk(left, first));
    const std::uint64_t before = stats_.messages.get();
    static_cast<void>(TRY(append_all(left)));
    stats_.recovered.add(stats_.messages.get() - before);
  }
  stats_.output_bytes.set(length_);
  return {};
}

// Nothing of these segments lies in the output before this place.
Result<std::uint64_t> MessageAccumulator::first_place(const Segments& left) {
  std::uint64_t first = length_;
  for (const auto& [id, name] : left) {
    std::byte bytes[stored_head_bytes];
    const auto file = TRY(segments_.open(name, FolderOpen::existing));
    const std::size_t got = TRY(file->read(0, bytes));
    const auto head = decode_stored_head({bytes, got});
    // Without a head it has no records that anybody was told of, or it is damaged.
    if (head || got >= stored_head_bytes) first = std::min(first, head ? head->output_bytes : 0);
  }
  std::byte bytes[stored_head_bytes];
  const std::size_t got = TRY(output_->read(first, bytes));
  const bool is_boundary = first == length_ || decode_stored_head({bytes, got});
  // A power cut that was not guarded against may have moved boundaries.
  return is_boundary || got < stored_head_bytes ? first : 0;
}

// From chunk to chunk: notes which of the segments lie in the output already, and cuts off what was
// being appended when the earlier server ended.
Result<> MessageAccumulator::walk(const Segments& left, std::uint64_t from) {
  const std::uint64_t size = length_;
  for (std::uint64_t at = from; at < size;) {
    std::byte bytes[stored_head_bytes];
    const std::size_t got = TRY(output_->read(at, bytes));
    const auto head = decode_stored_head({bytes, got});
    if (!head) {
      const AfterDamage after = TRY(after_damage(at));
      if (after.next == size && !after.has_records) return shorten(at);  // Nothing is lost.
      stats_.damaged_bytes.add(after.next - at);
      warn(fmt::format("{} bytes of {} from byte {} on are damaged; they are kept", after.next - at,
                       options_.output, at));
      at = after.next;
      continue;
    }
    const std::uint64_t end = at + stored_head_bytes + head->bytes;
    const bool is_left = left.contains(head->id);
    const bool is_cut = end > size || end < at;
    const bool is_whole_here = is_left && !is_cut && TRY(is_whole(at, head->bytes));
    if (is_left && !is_whole_here && (is_cut || end == size)) return shorten(at);
    if (is_cut) {
      warn(
          fmt::format("the end of {} from byte {} on is damaged; it is kept", options_.output, at));
      stats_.damaged_bytes.add(size - at);
      return {};
    }
    if (is_whole_here) appended_.insert(head->id);
    at = end;
  }
  return {};
}

// Whether all records of the chunk at `at` can be read.
Result<bool> MessageAccumulator::is_whole(std::uint64_t at, std::uint64_t bytes) {
  if (bytes > segment_bytes_read_max) return false;
  segment_.resize(bytes);
  const std::size_t got = TRY(output_->read(at + stored_head_bytes, segment_));
  ByteView rest(segment_.data(), got);
  while (take_stored(rest)) {
  }
  return got == bytes && rest.empty();
}

// What lies behind damage that begins at `at`.
Result<MessageAccumulator::AfterDamage> MessageAccumulator::after_damage(std::uint64_t at) {
  AfterDamage after{.next = length_, .has_records = false};
  std::vector<std::byte> window(window_bytes + overlap_bytes);
  for (std::uint64_t begin = at + 1; begin < length_; begin += window_bytes) {
    const std::size_t got = TRY(output_->read(begin, window));
    ByteView rest(window.data(), got);
    while (!rest.empty()) {
      rest = rest.subspan(find_stored(rest));
      if (decode_stored_head(rest)) {
        after.next = begin + (got - rest.size());
        return after;
      }
      if (!take_stored(rest)) break;
      after.has_records = true;
    }
  }
  return after;
}

Result<> MessageAccumulator::shorten(std::uint64_t length) {
  TRY(output_->truncate(length));
  stats_.torn_bytes.add(length_ - length);
  length_ = length;
  return {};
}

Result<std::size_t> MessageAccumulator::accumulate() {
  Segments finished = TRY(list_segments());
  std::erase_if(finished, [](const auto& item) { return item.second.ends_with(open_ending); });
  return append_all(finished);
}

Result<std::size_t> MessageAccumulator::adopt(std::uint64_t generation, std::uint16_t process) {
  Segments wanted = TRY(list_segments());
  std::erase_if(wanted, [&](const auto& item) {
    return item.first.generation != generation || item.first.process != process;
  });
  return append_all(wanted);
}

Result<std::size_t> MessageAccumulator::append_all(const Segments& wanted) {
  std::size_t count = 0;
  for (const auto& [id, name] : wanted) {
    const auto done = append(id, name);
    if (!done) {
      stats_.failures.add();
      return std::unexpected(done.error());
    }
    ++count;
  }
  return count;
}

Result<> MessageAccumulator::append(const SegmentId& id, const std::string& name) {
  if (appended_.contains(id)) {
    TRY(segments_.remove(name));
    appended_.erase(id);
    return {};
  }
  TRY(read_segment(name));
  const Kept kept = keep_intact();
  if (kept.messages > 0) {
    const std::uint64_t bytes = segment_.size() - stored_head_bytes;
    encode_stored_head({.id = id, .output_bytes = length_, .bytes = bytes}, segment_.data());
    TRY(write_at_end(segment_));
    stats_.segments.add();
    stats_.messages.add(kept.messages);
  }
  // From here on it must not be appended again, whether it can be removed or not.
  appended_.insert(id);
  stats_.torn_bytes.add(kept.torn_bytes);
  stats_.damaged_bytes.add(kept.damaged_bytes);
  if (kept.damaged_bytes > 0) {
    const std::string aside = segment_name(id, damaged_ending);
    warn(fmt::format("the segment {} is damaged: {} bytes cannot be read; it is kept as {}", name,
                     kept.damaged_bytes, aside));
    TRY(segments_.rename(name, aside));
  } else {
    TRY(segments_.remove(name));
  }
  appended_.erase(id);
  return {};
}

Result<> MessageAccumulator::read_segment(const std::string& name) {
  const auto file = TRY(segments_.open(name, FolderOpen::existing));
  const std::uint64_t size = TRY(file->size());
  if (size > segment_bytes_read_max)
    return fail(ErrorCode::too_large, fmt::format("the segment {} has {} bytes", name, size));
  segment_.resize(std::max<std::uint64_t>(size, stored_head_bytes));
  const std::size_t got = TRY(file->read(0, segment_));
  segment_.resize(std::max(got, stored_head_bytes));
  return {};
}

// Removes from the segment in memory what is no intact record. What is not intact at its very end
// is an unfinished write.
MessageAccumulator::Kept MessageAccumulator::keep_intact() {
  Kept kept;
  std::size_t size = stored_head_bytes, lost = 0;
  for (ByteView rest = ByteView(segment_).subspan(stored_head_bytes); !rest.empty();) {
    const std::byte* const at = rest.data();
    if (take_stored(rest)) {
      const auto bytes = static_cast<std::size_t>(rest.data() - at);
      if (segment_.data() + size != at) std::memmove(segment_.data() + size, at, bytes);
      size += bytes;
      ++kept.messages;
      kept.damaged_bytes = lost;
      continue;
    }
    const std::size_t skipped = std::max<std::size_t>(find_stored(rest), 1);
    lost += skipped;
    rest = rest.subspan(skipped);
  }
  segment_.resize(size);
  kept.torn_bytes = lost - kept.damaged_bytes;
  return kept;
}

void MessageAccumulator::warn(std::string text) {
  if (warnings_.size() < warnings_max) warnings_.push_back(std::move(text));
}

Result<> MessageAccumulator::write_at_end(ByteView chunk) {
  TRY(output_->settle(length_));
  if (has_rest_) TRY(output_->truncate(length_));
  has_rest_ = true;
  Result<> written;
  if (options_.sync) {
    // The head first and by itself: after a power cut a chunk of which only some pages came to the
    // disk has one that can be read, and says whose it is.
    written = output_->write(length_, chunk.first(stored_head_bytes));
    if (written) written = output_->sync();
  }
  if (written) written = output_->write(length_, chunk);
  if (written && options_.sync) written = output_->sync();
  if (!written) {
    has_rest_ = !output_->truncate(length_);
    return written;
  }
  has_rest_ = false;
  length_ += chunk.size();
  stats_.output_bytes.set(length_);
  return {};
}

}  // namespace brunt
