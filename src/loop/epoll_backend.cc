#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "loop/backend.h"
#include "loop/fiber_impl.h"
#include "loop/pausable_listener.h"
#include "loop/socket.h"

namespace brunt {
namespace {

// Bytes are taken at once by whoever receives, before any other fiber runs: so one buffer does for
// all streams, and stays in the cache.
constexpr std::size_t read_buffer_bytes = 64u << 10u;
constexpr std::size_t events_per_poll = 512;
constexpr Duration accept_pause = std::chrono::milliseconds(100);

constexpr std::uint32_t readable_events = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t writable_events = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t ended_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// A registered descriptor. Edge-triggered: what came is kept in `events` until found untrue.
struct Watch {
  std::uint32_t events = 0;
  FiberImpl* reader = nullptr;
  FiberImpl* writer = nullptr;
};

// Parks until `events` has one of `wanted`.
Result<> wait_for(Watch& watch, FiberImpl& self, std::uint32_t wanted, Instant deadline,
                  const char* why) {
  FiberImpl*& place = wanted == readable_events ? watch.reader : watch.writer;
  ASSERT(place == nullptr);  // One fiber at a time.
  while ((watch.events & wanted) == 0) {
    place = &self;
    const Woken woken = self.wait(deadline, why);
    place = nullptr;
    if (woken != Woken::by_event && (watch.events & wanted) == 0) return wait_error(woken, why);
  }
  return {};
}

class EpollBackend final : public Backend {
 public:
  EpollBackend(Mailbox& mailbox, Descriptor epoll)
      : mailbox_(mailbox), epoll_(std::move(epoll)), buffer_(read_buffer_bytes) {}

  PollOutcome poll(Instant until) override;
  Instant now() const override { return monotonic_now(); }
  WallTime wall() const override { return wall_now(); }
  BackendKind kind() const override { return BackendKind::epoll; }
  Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                          Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) override;

  Result<> add(int fd, std::uint32_t events, Watch& watch);
  void remove(int fd) { epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, fd, nullptr); }
  std::span<std::byte> buffer() { return buffer_; }

 private:
  int wait(Instant until);

  Mailbox& mailbox_;
  Descriptor epoll_;
  std::vector<std::byte> buffer_;
  std::array<epoll_event, events_per_poll> events_;
  bool has_pwait2_ = true;
};

class EpollStream final : public Stream {
 public:
  EpollStream(EpollBackend& backend, Descriptor socket, const Endpoint& peer)
      : backend_(backend), socket_(std::move(socket)), peer_(peer) {}

  Result<> start() {
    return backend_.add(socket_.number(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, watch_);
  }

  Result<ByteView> receive(Fiber& self, Instant deadline) override;
  Result<> send(Fiber& self, ByteView bytes, Instant deadline) override;
  void finish() override { shutdown(socket_.number(), SHUT_WR); }
  void abort() override { reset_when_closed(socket_.number()); }
  bool usable() override;
  Endpoint local() const override { return local_of(socket_.number()); }
  Endpoint peer() const override { return peer_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }
  std::uint64_t bytes_received() const override { return bytes_received_; }

 private:
  EpollBackend& backend_;
  Descriptor socket_;  // Closing it takes it out of epoll.
  Endpoint peer_;
  Watch watch_;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

Result<ByteView> EpollStream::receive(Fiber& self, Instant deadline) {
  const std::span<std::byte> buffer = backend_.buffer();
  for (;;) {
    TRY(wait_for(watch_, FiberImpl::of(self), readable_events, deadline, "receive"));
    const ssize_t count = recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (count >= 0) {
      const auto bytes = static_cast<std::size_t>(count);
      // Fewer than asked for: there was no more (epoll(7)). An end that was announced stays true.
      if (bytes < buffer.size() && (watch_.events & ended_events) == 0)
        watch_.events &= ~readable_events;
      bytes_received_ += bytes;
      return ByteView(buffer.data(), bytes);
    }
    if (errno == EAGAIN)
      watch_.events &= ~readable_events;
    else if (errno != EINTR)
      return stream_error("receive from ", peer_, errno);
  }
}

Result<> EpollStream::send(Fiber& self, ByteView bytes, Instant deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes_sent_ += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      watch_.events &= ~writable_events;
      TRY(wait_for(watch_, FiberImpl::of(self), writable_events, deadline, "send"));
    } else if (errno != EINTR) {
      return stream_error("send to ", peer_, errno);
    }
  }
  return {};
}

bool EpollStream::usable() {
  // Edge-triggered: had anything come since the last receive() found it empty, poll() would have
  // noted it.
  if ((watch_.events & readable_events) == 0) return true;
  std::byte byte{};
  return recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

class EpollListener final : public Listener {
 public:
  EpollListener(EpollBackend& backend, Descriptor socket, const ListenOptions& options)
      : backend_(backend), socket_(std::move(socket)), state_(socket_.number(), options) {}

  Result<> start() { return backend_.add(socket_.number(), EPOLLIN | EPOLLET, watch_); }
  Result<std::unique_ptr<Stream>> accept(Fiber& self, Instant deadline) override;
  Result<> pause() override { return state_.pause(socket_); }
  Result<> resume() override {
    if (!state_.paused()) return {};
    TRY(state_.resume(socket_));
    return state_.options().at.family() == AF_UNIX ? start() : Result<>();
  }
  Endpoint local() const override { return state_.options().at; }

 private:
  EpollBackend& backend_;
  Descriptor socket_;
  PausableListener state_;
  Watch watch_{.events = EPOLLIN};
};

Result<std::unique_ptr<Stream>> EpollListener::accept(Fiber& self, Instant deadline) {
  for (;;) {
    TRY(state_.wait_until_resumed(self, deadline));
    TRY(wait_for(watch_, FiberImpl::of(self), readable_events, deadline, "accept"));
    if (state_.paused()) {
      watch_.events = 0;
      continue;
    }
    AcceptTry accepted = TRY(try_accept(socket_.number()));
    if (accepted.is_out_of_room) {
      const int number = errno;
      TRY(self.sleep(accept_pause));
      return out_of_descriptors("accept", number);
    }
    if (accepted.socket.number() < 0) {
      watch_.events = 0;
      continue;
    }
    auto stream =
        std::make_unique<EpollStream>(backend_, std::move(accepted.socket), accepted.peer);
    TRY(stream->start());
    return stream;
  }
}

Result<> EpollBackend::add(int fd, std::uint32_t events, Watch& watch) {
  epoll_event event{.events = events, .data = {.ptr = &watch}};
  if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return std::unexpected(errno_error("epoll_ctl", errno));
}

Result<std::unique_ptr<Stream>> EpollBackend::connect(Fiber& self, const ConnectOptions& options,
                                                      Instant deadline) {
  ConnectStart start = TRY(start_connect(options));
  if (!start.is_done) {
    Watch watch;
    TRY(add(start.socket.number(), EPOLLOUT | EPOLLONESHOT, watch));
    const Result<> waited =
        wait_for(watch, FiberImpl::of(self), writable_events, deadline, "connect");
    remove(start.socket.number());
    if (!waited) return connect_interrupted(options, waited.error().code);
    TRY(finish_connect(start.socket.number(), options));
  }
  auto stream = std::make_unique<EpollStream>(*this, std::move(start.socket), options.to);
  TRY(stream->start());
  return stream;
}

Result<std::unique_ptr<Listener>> EpollBackend::listen(const ListenOptions& options) {
  auto listener = std::make_unique<EpollListener>(*this, TRY(open_listener(options)), options);
  TRY(listener->start());
  return listener;
}

Result<> EpollBackend::wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) {
  Watch watch;
  const bool reads = event == FdEvent::readable;
  TRY(add(fd, (reads ? EPOLLIN | EPOLLRDHUP : EPOLLOUT) | EPOLLONESHOT, watch));
  Result<> waited = wait_for(watch, FiberImpl::of(self), reads ? readable_events : writable_events,
                             deadline, "descriptor");
  remove(fd);
  return waited;
}

int EpollBackend::wait(Instant until) {
  const auto capacity = static_cast<int>(events_.size());
  const Duration left = until == far_future ? Duration::max() : until - now();
  if (left <= Duration::zero()) return epoll_wait(epoll_.number(), events_.data(), capacity, 0);
  if (until == far_future) return epoll_wait(epoll_.number(), events_.data(), capacity, -1);
  if (has_pwait2_) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    const timespec timeout{.tv_sec = left.count() / second_ns, .tv_nsec = left.count() % second_ns};
    const int count = epoll_pwait2(epoll_.number(), events_.data(), capacity, &timeout, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_pwait2_ = false;
  }
  // Rounded up: a timer that fires late is waited for once, one that fires early would spin.
  constexpr std::int64_t timeout_ms_max = 1'000'000;
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return epoll_wait(epoll_.number(), events_.data(), capacity,
                    static_cast<int>(std::min<std::int64_t>(milliseconds, timeout_ms_max)));
}

PollOutcome EpollBackend::poll(Instant until) {
  const int count = wait(until);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    auto* const watch = static_cast<Watch*>(event.data.ptr);
    if (watch == nullptr) {
      mailbox_.acknowledge();
      continue;
    }
    watch->events |= event.events;
    if (watch->reader != nullptr && (event.events & readable_events) != 0) watch->reader->notify();
    if (watch->writer != nullptr && (event.events & writable_events) != 0) watch->writer->notify();
  }
  return PollOutcome::looked;
}

}  // namespace

Result<std::unique_ptr<Backend>> make_epoll_backend(Mailbox& mailbox) {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.number() < 0) return std::unexpected(errno_error("epoll_create1", errno));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll.number(), EPOLL_CTL_ADD, mailbox.descriptor(), &event) != 0)
    return std::unexpected(errno_error("epoll_ctl", errno));
  return std::make_unique<EpollBackend>(mailbox, std::move(epoll));
}

}  // namespace brunt
