// Stores the messages of one loop in groups: what came in one turn of the loop is one write (and,
// where it is asked for, one flush on a helper thread), and then all of it is acknowledged.
//
//   MessagesCommitter::Group& group = committer.join();
//   append_stored(group.records, message);              // and its ACK to group.acks
//   if (committer.wait(self, group)) send(group.acks);
//   committer.leave(group);
//
// When the disk refuses, the group waits and is tried again, its clients with it: they get no ACK,
// and as nothing more is read from them, TCP holds them back.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "loop/helper_thread.h"
#include "loop/loop.h"
#include "service/messages/messages_counters.h"
#include "service/messages/messages_options.h"
#include "service/messages/segment_writer.h"

namespace brunt {

class MessagesCommitter {
 public:
  struct Group {
    RecordBuffer records;
    RecordBuffer acks;  // Of all clients; each sends its part.
    std::int64_t received_unix_ns = 0;
    std::size_t messages = 0;

   private:
    friend class MessagesCommitter;
    enum class State : std::uint8_t { gathering, storing, stored, given_up };
    State state = State::gathering;
    std::size_t users = 0;
    std::vector<Fiber*> waiting;
  };

  // `writer` and `counters` must outlive it. Its fibers must have ended before it goes.
  MessagesCommitter(Loop& loop, SegmentWriter& writer, const MessagesOptions& options,
                    MessagesCounters& counters);

  // The group that gathers; leave() it when done with its ACKs.
  Group& join();
  // Parks until the group may be acknowledged; false if it never will be. Call it without parking
  // since join().
  bool wait(Fiber& self, Group& group);
  void leave(Group& group);

  // Stores groups until stop(), then what is left, and finishes the segment. Cancelled: gives up at
  // once.
  void run(Fiber& self);
  void stop();

  // Of the last attempt, if it failed.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  using State = Group::State;
  bool gather(Fiber& self);
  void store(Fiber& self, Group& group);
  void finish_segment(Fiber& self);
  std::unique_ptr<Group> fresh();
  void settle(Group& group, State state);
  void recycle(Group& group);

  Loop& loop_;
  SegmentWriter& writer_;
  const MessagesOptions& options_;
  MessagesCounters& counters_;
  std::unique_ptr<HelperThread> helper_;  // Where flushing would stop the loop.
  Group* gathering_;
  std::vector<std::unique_ptr<Group>> groups_;  // All there are.
  std::vector<Group*> spare_;
  Fiber* runner_ = nullptr;
  bool stopping_ = false;
  Instant segment_since_{};
  std::optional<Error> refusal_;
};

}  // namespace brunt
