// Streams and listeners over io_uring.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "loop/pausable_listener.h"
#include "loop/uring_backend.h"

namespace brunt {
namespace {

// Up to here a send is copied and does not park; a copy of 4 KiB costs 100 ns, a park as much.
constexpr std::size_t quick_bytes_max = 4u << 10u;
constexpr Duration accept_pause = std::chrono::milliseconds(100);

class UringStream final : public Stream {
 public:
  UringStream(UringBackend& backend, Descriptor socket, const Endpoint& peer)
      : backend_(backend), socket_(backend.open(std::move(socket))), peer_(peer) {}
  ~UringStream() override { backend_.close(socket_); }

  Result<ByteView> receive(Fiber& self, Instant deadline) override;
  Result<> send(Fiber& self, ByteView bytes, Instant deadline) override;
  void finish() override;
  void abort() override { reset_when_closed(socket_.fd); }
  bool usable() override;
  Endpoint local() const override { return local_of(socket_.fd); }
  Endpoint peer() const override { return peer_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }
  std::uint64_t bytes_received() const override { return socket_.bytes_received; }

 private:
  bool has_something() const {
    return socket_.first_piece != no_buffer || !socket_.stash.empty() || socket_.has_ended ||
           socket_.receive_error != 0;
  }
  Result<> settle(FiberImpl& self, Instant deadline);
  Result<> send_long(FiberImpl& self, ByteView bytes, Instant deadline);

  UringBackend& backend_;
  UringSocket& socket_;
  Endpoint peer_;
  std::vector<std::byte> view_;  // What was stashed, while the caller looks at it.
  std::uint64_t bytes_sent_ = 0;
};

Result<ByteView> UringStream::receive(Fiber& self, Instant deadline) {
  FiberImpl& fiber = FiberImpl::of(self);
  if (!view_.empty()) view_ = {};
  while (!has_something()) {
    ASSERT(socket_.receiver == nullptr);  // One fiber at a time.
    if (!socket_.is_receiving && !fiber.is_cancelled) backend_.arm_receive(socket_);
    socket_.receiver = &fiber;
    const Woken woken = fiber.wait(deadline, "receive");
    socket_.receiver = nullptr;
    if (woken != Woken::by_event && !has_something()) return wait_error(woken, "receive");
  }
  // What was stashed is older than what came in buffers since.
  if (!socket_.stash.empty()) {
    view_ = std::exchange(socket_.stash, {});
    return ByteView(view_);
  }
  if (socket_.first_piece != no_buffer) return backend_.take_piece(socket_);
  if (socket_.receive_error != 0)
    return stream_error("receive from ", peer_, socket_.receive_error);
  return ByteView();
}

// Until what earlier sends left to us is with the kernel.
Result<> UringStream::settle(FiberImpl& self, Instant deadline) {
  while (socket_.has_quick_send || !socket_.unsent.empty()) {
    ASSERT(socket_.sender == nullptr);  // One fiber at a time.
    if (socket_.has_quick_send) backend_.settle_soon();
    socket_.sender = &self;
    const Woken woken = self.wait(deadline, "send");
    socket_.sender = nullptr;
    if (woken != Woken::by_event) return wait_error(woken, "send");
  }
  if (socket_.send_error != 0) return stream_error("send to ", peer_, socket_.send_error);
  return {};
}

Result<> UringStream::send(Fiber& self, ByteView bytes, Instant deadline) {
  FiberImpl& fiber = FiberImpl::of(self);
  if (bytes.empty()) return {};
  if (socket_.send_error != 0) return stream_error("send to ", peer_, socket_.send_error);
  if (bytes.size() <= quick_bytes_max && socket_.unsent.empty() &&
      backend_.quick_send(socket_, bytes)) {
    bytes_sent_ += bytes.size();
    return {};
  }
  TRY(settle(fiber, deadline));
  if (bytes.size() <= quick_bytes_max && backend_.quick_send(socket_, bytes)) {
    bytes_sent_ += bytes.size();
    return {};
  }
  return send_long(fiber, bytes, deadline);
}

Result<> UringStream::send_long(FiberImpl& self, ByteView bytes, Instant deadline) {
  while (!bytes.empty()) {
    if (self.is_cancelled) return wait_error(Woken::by_cancel, "send");
    backend_.begin_send(socket_, bytes);
    socket_.sender = &self;
    Woken woken = Woken::by_event;
    while (socket_.is_sending && woken == Woken::by_event) woken = self.wait(deadline, "send");
    if (socket_.is_sending) {
      // The bytes are the caller's: the kernel has to let go of them before we return.
      backend_.cancel(&socket_, UringTag::send);
      while (socket_.is_sending) self.wait_uninterruptibly("send");
    }
    socket_.sender = nullptr;
    const std::int32_t result = socket_.send_result;
    if (result > 0) {
      bytes_sent_ += static_cast<std::uint64_t>(result);
      bytes = bytes.subspan(static_cast<std::size_t>(result));
    }
    if (bytes.empty()) break;
    if (woken != Woken::by_event) return wait_error(woken, "send");
    if (result < 0) return stream_error("send to ", peer_, -result);
  }
  return {};
}

void UringStream::finish() {
  backend_.finish(socket_);
}

bool UringStream::usable() {
  if (has_something() || socket_.send_error != 0) return false;
  if (socket_.is_receiving) return true;
  std::byte byte{};
  return recv(socket_.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

class UringListener final : public Listener {
 public:
  UringListener(UringBackend& backend, Descriptor socket, const ListenOptions& options)
      : backend_(backend), socket_(std::move(socket)), state_(socket_.number(), options) {}

  Result<std::unique_ptr<Stream>> accept(Fiber& self, Instant deadline) override;
  Result<> pause() override { return state_.pause(socket_); }
  Result<> resume() override { return state_.resume(socket_); }
  Endpoint local() const override { return state_.options().at; }

 private:
  UringBackend& backend_;
  Descriptor socket_;
  PausableListener state_;
};

Result<std::unique_ptr<Stream>> UringListener::accept(Fiber& self, Instant deadline) {
  for (;;) {
    TRY(state_.wait_until_resumed(self, deadline));
    AcceptTry accepted = TRY(try_accept(socket_.number()));
    if (accepted.is_out_of_room) {
      const int number = errno;
      TRY(self.sleep(accept_pause));
      return out_of_descriptors("accept", number);
    }
    if (accepted.socket.number() >= 0)
      return std::make_unique<UringStream>(backend_, std::move(accepted.socket), accepted.peer);
    TRY(backend_.wait_ready(self, socket_.number(), POLLIN, deadline, "accept"));
  }
}

}  // namespace

Result<std::unique_ptr<Stream>> UringBackend::connect(Fiber& self, const ConnectOptions& options,
                                                      Instant deadline) {
  ConnectStart start = TRY(start_connect(options));
  if (!start.is_done) {
    const Result<> waited = wait_ready(self, start.socket.number(), POLLOUT, deadline, "connect");
    if (!waited) return connect_interrupted(options, waited.error().code);
    TRY(finish_connect(start.socket.number(), options));
  }
  return std::make_unique<UringStream>(*this, std::move(start.socket), options.to);
}

Result<std::unique_ptr<Listener>> UringBackend::listen(const ListenOptions& options) {
  return std::make_unique<UringListener>(*this, TRY(open_listener(options)), options);
}

}  // namespace brunt
