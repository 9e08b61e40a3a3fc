// The files of a message server: the output, its segments, the lock that keeps a second server
// away, and the accumulator. Opened once, before the server's other processes are forked.
//
//   auto store = TRY(MessagesStore::open(options, generation, region->accumulator()));
//   SegmentWriter writer = store->writer(process, worker);
//
// Blocks. Errors: not_found (no such folder), denied (read-only), exhausted (full), invalid (in
// use).
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "net/owned_descriptor.h"
#include "service/messages/accumulator.h"
#include "service/messages/folder.h"
#include "service/messages/messages_options.h"
#include "service/messages/segment_writer.h"

namespace brunt {

class MessagesStore {
 public:
  // Appends what an earlier server left. `options` and `stats` must outlive the store.
  static Result<std::unique_ptr<MessagesStore>> open(const MessagesOptions& options,
                                                     std::uint64_t generation,
                                                     AccumulatorStats& stats);

  SegmentWriter writer(std::size_t process, std::size_t worker);
  MessageAccumulator& accumulator() { return *accumulator_; }
  std::uint64_t generation() const { return generation_; }
  // Segments that are not in the output yet.
  Result<std::size_t> left_over();

 private:
  MessagesStore(const MessagesOptions& options, std::uint64_t generation, AccumulatorStats& stats)
      : options_(options), generation_(generation), stats_(stats) {}
  Result<> open_folders();
  Result<> lock(const std::string& path);

  const MessagesOptions& options_;
  std::uint64_t generation_;
  AccumulatorStats& stats_;
  OwnedDescriptor lock_;
  std::unique_ptr<Folder> outputs_, segments_;
  std::unique_ptr<MessageAccumulator> accumulator_;
};

}  // namespace brunt
