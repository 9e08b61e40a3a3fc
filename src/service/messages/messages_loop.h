// What one worker thread of the message server does: accepts clients, reads their messages, has
// them stored, and sends the ACKs. One fiber a client; an idle client costs its fiber's page and
// its stream. Not for use outside service/messages.
//
// A client's messages of one turn are stored together with everybody else's, and its next ones are
// read when they have been acknowledged: so no client can be far ahead of the others, and one that
// does not read its ACKs is not read from.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/fiber_group.h"
#include "loop/loop.h"
#include "service/messages/messages_committer.h"
#include "service/messages/messages_counters.h"
#include "service/messages/messages_options.h"
#include "service/messages/segment_writer.h"

namespace brunt {

class MessagesLoop {
 public:
  struct Setup {
    const MessagesOptions& options;
    SegmentWriter& writer;
    MessagesCounters& counters;
    std::atomic<std::uint32_t>& sessions;  // Open in this process, over all its loops.
    std::uint32_t sessions_max = 0;        // In this process.
  };

  // Listens at `at`. What `setup` refers to must outlive it. Errors: those of Loop::listen.
  static Result<std::unique_ptr<MessagesLoop>> create(Loop& loop, const Endpoint& at,
                                                      const Setup& setup);

  // Serves until stop(), or until `self` is cancelled.
  void run(Fiber& self);

  // On the loop's thread: no new clients, those that wait for a message are closed, what came is
  // stored and acknowledged; what is left after `grace` is cut.
  void stop(Duration grace);

  Endpoint endpoint() const { return listener_->local(); }
  // Of the last attempt to store, if it failed. On the loop's thread.
  const std::optional<Error>& refusal() const { return committer_.refusal(); }

 private:
  struct Session;
  class Reserve;
  struct Turn {
    std::uint32_t messages = 0;
    bool is_in_order = true;  // Else the stream is of no use any more.
  };

  MessagesLoop(Loop& loop, const Setup& setup);
  void accept(Fiber& self);
  void take(Fiber& self, std::unique_ptr<Stream> stream);
  void refuse_those_who_wait(Fiber& self, Reserve& reserve);
  void serve(Fiber& self, Session& session);
  bool serve_bytes(Fiber& self, Session& session, ByteView bytes);
  Turn read_turn(Session& session, MessagesCommitter::Group& group, ByteView& bytes);
  void count_end(const Session& session, const Result<ByteView>& last);

  Loop& loop_;
  const MessagesOptions& options_;
  MessagesCounters& counters_;
  std::atomic<std::uint32_t>& sessions_now_;
  std::uint32_t sessions_max_;
  MessagesCommitter committer_;
  std::unique_ptr<Listener> listener_;
  FiberGroup clients_;
  Fiber* acceptor_ = nullptr;
  Fiber* runner_ = nullptr;
  std::vector<Session*> sessions_;
  bool stopping_ = false;
  Instant cut_at_ = far_future;
};

}  // namespace brunt
