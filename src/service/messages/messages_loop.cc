#include "service/messages/messages_loop.h"

#include <fcntl.h>

#include <atomic>

#include "net/owned_descriptor.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Accepted before the clients that are there already have their turn.
constexpr int accepts_per_turn = 64;
constexpr int refusals_per_turn = 1'000;

}  // namespace

// A descriptor that is given up when there is no other, so that a client that waits can be accepted
// and told to go, instead of hanging in the queue.
class MessagesLoop::Reserve {
 public:
  Reserve() { take(); }
  void take() { held_ = OwnedDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
  void give_up() { held_.close(); }

 private:
  OwnedDescriptor held_;
};

// Lives on its fiber's stack.
struct MessagesLoop::Session {
  Session(MessagesLoop& its_owner, std::unique_ptr<Stream> its_stream)
      : owner(its_owner),
        stream(std::move(its_stream)),
        decoder(owner.options_.layout),
        place(owner.sessions_.size()) {
    owner.sessions_.push_back(this);
    owner.counters_.sessions_open.add();
  }
  ~Session() {
    owner.sessions_[place] = owner.sessions_.back();
    owner.sessions_[place]->place = place;
    owner.sessions_.pop_back();
    owner.counters_.sessions_open.subtract();
    owner.sessions_now_.fetch_sub(1, std::memory_order_relaxed);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  MessagesLoop& owner;
  std::unique_ptr<Stream> stream;
  FrameRequestDecoder decoder;
  std::size_t place;  // In the owner's list.
  Fiber* fiber = nullptr;
  std::uint64_t last_id = 0;
  bool is_idle = false;  // Waits for a message.
};

MessagesLoop::MessagesLoop(Loop& loop, const Setup& setup)
    : loop_(loop),
      options_(setup.options),
      counters_(setup.counters),
      sessions_now_(setup.sessions),
      sessions_max_(setup.sessions_max),
      committer_(loop, setup.writer, setup.options, setup.counters),
      clients_(loop) {}

Result<std::unique_ptr<MessagesLoop>> MessagesLoop::create(Loop& loop, const Endpoint& at,
                                                           const Setup& setup) {
  // make_unique cannot reach a private constructor.
  auto made = std::unique_ptr<MessagesLoop>(new MessagesLoop(loop, setup));
  made->listener_ =
      TRY(loop.listen({.at = at, .backlog = setup.options.backlog, .reuse_port = true}));
  return made;
}

void MessagesLoop::run(Fiber& self) {
  runner_ = &self;
  FiberGroup own(loop_);
  FiberGroup committing(loop_);
  const auto committed = committing.spawn("store", [this](Fiber& fiber) { committer_.run(fiber); });
  const auto accepted = own.spawn("accept", [this](Fiber& fiber) { accept(fiber); });
  while (committed && accepted && !stopping_ && self.park(far_future, "the end")) {
  }
  if (acceptor_ != nullptr) acceptor_->cancel();
  stopping_ = true;
  static_cast<void>(own.join(self));
  // Who is left after that waits for a disk that refuses, or does not read its ACKs.
  static_cast<void>(clients_.join_until(self, cut_at_));
  committer_.stop();
  static_cast<void>(committing.join_until(self, cut_at_));
  runner_ = nullptr;
}

void MessagesLoop::stop(Duration grace) {
  if (stopping_) return;
  stopping_ = true;
  cut_at_ = loop_.now() + grace;
  for (Session* session : sessions_)
    if (session->is_idle) session->fiber->cancel();
  if (acceptor_ != nullptr) acceptor_->cancel();
  if (runner_ != nullptr) runner_->wake();
}

void MessagesLoop::accept(Fiber& self) {
  acceptor_ = &self;
  Reserve reserve;
  for (int accepted = 1; !stopping_ && !self.cancelled(); ++accepted) {
    auto stream = listener_->accept(self, far_future);
    if (stream) {
      take(self, std::move(*stream));
    } else if (stream.error().code == ErrorCode::exhausted) {
      refuse_those_who_wait(self, reserve);  // accept() has paused already.
    } else if (stream.error().code != ErrorCode::cancelled) {
      counters_.accept_errors.add();
      static_cast<void>(self.sleep(100ms));
    }
    if (accepted % accepts_per_turn == 0) static_cast<void>(self.sleep_until(self.now()));
  }
  acceptor_ = nullptr;
  listener_.reset();  // Who comes now is refused by the kernel.
}

void MessagesLoop::take(Fiber& self, std::unique_ptr<Stream> stream) {
  const std::uint32_t before = sessions_now_.fetch_add(1, std::memory_order_relaxed);
  auto body = [this, stream = std::move(stream)](Fiber& fiber) mutable {
    Session session(*this, std::move(stream));
    session.fiber = &fiber;
    serve(fiber, session);
  };
  if (before < sessions_max_ && !self.cancelled() && clients_.spawn("client", std::move(body))) {
    counters_.sessions_accepted.add();
    return;
  }
  // Closed in order: the client reads an end of the stream, not a reset.
  sessions_now_.fetch_sub(1, std::memory_order_relaxed);
  counters_.sessions_refused.add();
}

void MessagesLoop::refuse_those_who_wait(Fiber& self, Reserve& reserve) {
  reserve.give_up();
  for (int i = 0; i < refusals_per_turn; ++i) {
    const auto stream = listener_->accept(self, self.now());
    if (!stream) break;
    counters_.sessions_refused.add();
  }
  reserve.take();
}

void MessagesLoop::serve(Fiber& self, Session& session) {
  for (;;) {
    if (stopping_) return;
    session.is_idle = true;
    const auto bytes = session.stream->receive(self, self.now() + options_.limits.session_timeout);
    session.is_idle = false;
    if (!bytes || bytes->empty()) return count_end(session, bytes);
    if (!serve_bytes(self, session, *bytes)) return;
  }
}

void MessagesLoop::count_end(const Session& session, const Result<ByteView>& last) {
  if (last || last.error().code == ErrorCode::reset) {
    if (session.decoder.in_message())
      counters_.sessions_torn.add();
    else if (!last)
      counters_.sessions_cut.add();
  } else if (last.error().code == ErrorCode::timeout) {
    counters_.sessions_timed_out.add();
  } else if (last.error().code != ErrorCode::cancelled) {
    counters_.sessions_cut.add();
  }
}

// What came in one piece; false if the session is over.
bool MessagesLoop::serve_bytes(Fiber& self, Session& session, ByteView bytes) {
  std::vector<std::byte> rest;  // The view ends with the first wait: of one who sent a lot at once.
  for (;;) {
    MessagesCommitter::Group& group = committer_.join();
    const std::size_t begin = group.acks.size();
    const Turn turn = read_turn(session, group, bytes);
    if (turn.messages == 0) {
      committer_.leave(group);
      return turn.is_in_order;
    }
    const std::size_t end = group.acks.size();
    if (!bytes.empty() && rest.empty()) {
      rest.assign(bytes.begin(), bytes.end());
      bytes = rest;
    }
    const bool is_stored = committer_.wait(self, group);
    Result<> sent;
    if (is_stored) {
      const ByteView acks = group.acks.view().subspan(begin, end - begin);
      sent = session.stream->send(self, acks, self.now() + options_.limits.send_timeout);
    }
    committer_.leave(group);
    if (!sent) counters_.sessions_cut.add();
    if (!is_stored || !sent) return false;
    counters_.acknowledged.add(turn.messages);
    if (!turn.is_in_order) return false;
    if (bytes.empty()) return true;
  }
}

// Moves `bytes` past the messages that it puts into the group.
MessagesLoop::Turn MessagesLoop::read_turn(Session& session, MessagesCommitter::Group& group,
                                           ByteView& bytes) {
  Turn turn;
  std::uint64_t payload_bytes = 0, backward = 0;
  while (turn.messages < options_.limits.messages_per_turn) {
    const FrameRequest* message = session.decoder.next_whole(bytes);
    std::optional<FrameRequest> gathered;
    if (message == nullptr) {
      const auto request = session.decoder.next(bytes);
      if (!request) {
        counters_.sessions_malformed.add();
        turn.is_in_order = false;
        break;
      }
      if (!*request) break;
      gathered = **request;
      message = &*gathered;
    }
    append_stored(group.records, {.client = static_cast<std::uint32_t>(message->client_id),
                                  .sequence = static_cast<std::uint32_t>(message->message_id),
                                  .received_unix_ns = group.received_unix_ns,
                                  .payload = message->payload});
    write_frame_ack(group.acks.grow(options_.layout.ack_bytes()), options_.layout,
                    {.client_id = message->client_id, .message_id = message->message_id});
    if (message->message_id <= session.last_id && session.last_id != 0) ++backward;
    session.last_id = message->message_id;
    payload_bytes += message->payload.size();
    ++turn.messages;
  }
  if (backward > 0) counters_.backward.add(backward);
  counters_.payload_bytes.add(payload_bytes);
  group.messages += turn.messages;
  counters_.messages.add(turn.messages);
  return turn;
}

}  // namespace brunt
