// One worker's segments: appends groups of records to the segment that is open, and finishes it
// when it is long enough, so that the accumulator may take it. No worker waits for another.
//
//   SegmentWriter writer(folder, output_bytes, {.generation = start, .worker = 1});
//   TRY(writer.append(records));          // as safe as its options say when it returns
//   TRY(writer.finish());                 // before a pause, and at the end
//
// Blocks: in the mode `sync_each` it belongs on a helper thread. One thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/counter.h"
#include "service/messages/folder.h"
#include "service/messages/stored_message.h"

namespace brunt {

struct SegmentWriterOptions {
  std::uint64_t generation = 0;
  std::uint16_t process = 0;
  std::uint16_t worker = 0;
  bool sync_each = false;  // append() returns when the records bear a power cut.
  std::uint64_t segment_bytes_max = 8u << 20u;  // Then it is finished. A group may exceed it.
};

class SegmentWriter {
 public:
  // `folder`, and `output_bytes` (how long the output is, kept by the accumulator), must outlive
  // it.
  SegmentWriter(Folder& folder, const Counter& output_bytes, const SegmentWriterOptions& options);

  // Whole records. On an error none of them counts as stored, and the same may be appended again
  // when there is room. Errors: those of Folder.
  Result<> append(ByteView records);

  // Hands the open segment to the accumulator; nothing if there is none. Errors: those of Folder;
  // the segment stays open then.
  Result<> finish();

  bool has_open() const { return file_ != nullptr; }

 private:
  SegmentId id() const;
  Result<> begin();
  void abandon();

  Folder& folder_;
  const Counter& output_bytes_;
  SegmentWriterOptions options_;
  std::unique_ptr<FolderFile> file_;
  std::uint64_t length_ = 0;  // Of the open segment, as far as it counts.
  std::uint64_t number_ = 0;  // Of the open segment, or of the next.
};

}  // namespace brunt
