// Appends the workers' finished segments to the one output file and removes them; at the start,
// also what an earlier server left behind. Whenever it is killed, and (with `sync`) whenever the
// power goes, the next one finds every message once: a segment is removed only after it lies whole
// in the output, under its own head, and one that lies there is not appended again.
//
//   auto accumulator = TRY(MessageAccumulator::open(outputs, segments, {.output =
//   "messages.dat"})); TRY(accumulator->accumulate());       // now and then
//
// Blocks: belongs on a helper thread. One in a machine for one output (service/messages/lock).
// How it bears being stopped at every step: docs/reference/messages.md.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/counter.h"
#include "service/messages/folder.h"
#include "service/messages/stored_message.h"

namespace brunt {

struct AccumulatorOptions {
  std::string output;  // Its name in the folder of outputs.
  bool sync = false;   // Bear a power cut: flush before a segment is removed.
};

// Any thread may read it.
struct AccumulatorStats {
  Counter output_bytes;
  Counter segments, messages;  // Appended since the start.
  Counter recovered;           // Messages among them that an earlier server had left.
  Counter torn_bytes;          // Unfinished writes of a server that was killed: no message of them
                               // had been acknowledged.
  Counter damaged_bytes;       // Not readable in the middle of a segment or of the output.
  Counter failures;            // Attempts that will be repeated.
};

class MessageAccumulator {
 public:
  // Opens or makes the output, and appends what is left over. Both folders and `stats` must outlive
  // it. Errors: those of Folder.
  static Result<std::unique_ptr<MessageAccumulator>> open(Folder& outputs, Folder& segments,
                                                          const AccumulatorOptions& options,
                                                          AccumulatorStats& stats);

  // Appends the finished segments, and gives their number. Errors: those of Folder (a full disk);
  // the output is as long as before then, the segments are still there, and the next call tries
  // again.
  Result<std::size_t> accumulate();

  // Also those that `process` of `generation` has open. REQUIRES: it has ended.
  Result<std::size_t> adopt(std::uint64_t generation, std::uint16_t process);

  // What was not in order at the start or in a segment, in words; empties it.
  std::vector<std::string> take_warnings();

 private:
  using Segments = std::map<SegmentId, std::string>;  // By id: their names.
  struct AfterDamage {
    std::uint64_t next;  // Where the next head is, or the output's end.
    bool has_records;    // Intact ones lie between.
  };
  struct Kept {
    std::uint64_t messages = 0;
    std::uint64_t torn_bytes = 0, damaged_bytes = 0;
  };

  MessageAccumulator(Folder& segments, const AccumulatorOptions& options, AccumulatorStats& stats);

  Result<Segments> list_segments();
  Result<> recover();
  Result<std::uint64_t> first_place(const Segments& left);
  Result<> walk(const Segments& left, std::uint64_t from);
  Result<bool> is_whole(std::uint64_t at, std::uint64_t bytes);
  Result<AfterDamage> after_damage(std::uint64_t at);
  Result<> shorten(std::uint64_t length);
  Result<std::size_t> append_all(const Segments& wanted);
  Result<> append(const SegmentId& id, const std::string& name);
  Result<> write_at_end(ByteView chunk);
  Result<> read_segment(const std::string& name);
  Kept keep_intact();
  void warn(std::string text);

  Folder& segments_;
  AccumulatorOptions options_;
  AccumulatorStats& stats_;
  std::unique_ptr<FolderFile> output_;
  std::uint64_t length_ = 0;        // Of the output, as far as it counts.
  bool has_rest_ = false;           // Behind that lies what could not be cut off.
  std::set<SegmentId> appended_;    // Those that could not be removed.
  std::vector<std::byte> segment_;  // The one at hand; kept for its memory.
  std::vector<std::string> warnings_;
};

}  // namespace brunt
