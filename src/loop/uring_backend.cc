#include "loop/uring_backend.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr unsigned submissions = 1024;
constexpr unsigned completions = 8192;
constexpr unsigned buffers_count = 2048;  // A power of two, as the ring wants it.
// The kernel takes buffers in turn, so that all it has get cold: it is given few, and this many
// more each time it ran out.
constexpr unsigned buffers_step = 64;
constexpr std::size_t buffer_bytes = 8u << 10u;
constexpr std::size_t buffers_bytes = buffers_count * buffer_bytes;
constexpr int buffer_group = 0;
constexpr std::size_t quick_room_bytes = 256u << 10u;
// Beyond this an unread socket is not read any more, so that TCP slows its peer down.
constexpr std::size_t stash_bytes_max = 256u << 10u;

void* map_memory(std::size_t bytes) {
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

std::unexpected<Error> unsupported(const char* what, int number) {
  return fail(ErrorCode::unsupported,
              "io_uring is not to be had here: " + errno_error(what, number).text +
                  "; use --backend epoll (auto chooses it by itself)");
}

}  // namespace

UringBackend::UringBackend(Mailbox& mailbox)
    : mailbox_(mailbox), pieces_(buffers_count), quick_bytes_(quick_room_bytes) {
  returned_.reserve(buffers_count);
  fed_.reserve(buffers_count);
}

Result<std::unique_ptr<Backend>> UringBackend::create(Mailbox& mailbox) {
  std::unique_ptr<UringBackend> backend(new UringBackend(mailbox));  // A private constructor.
  TRY(backend->open_ring());
  TRY(backend->open_buffers());
  return backend;
}

Result<> UringBackend::open_ring() {
  // Disabled until start(): the ring then belongs to the thread that runs the loop, not to the one
  // that created it. SINGLE_ISSUER came with Linux 6.0, as did the multishot receive: without the
  // one there is not the other.
  constexpr unsigned common = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_R_DISABLED |
                              IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_TASKRUN_FLAG |
                              IORING_SETUP_SUBMIT_ALL;
  int rc = -EINVAL;
  for (const unsigned how : {IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN}) {
    io_uring_params parameters{};
    parameters.flags = common | how;
    parameters.cq_entries = completions;
    rc = io_uring_queue_init_params(submissions, &ring_, &parameters);
    if (rc != -EINVAL) break;
  }
  if (rc == -EINVAL)
    return fail(ErrorCode::unsupported, "io_uring needs Linux 6.0 or later; use --backend epoll");
  if (rc < 0) return unsupported("io_uring_setup", -rc);
  has_ring_ = true;
  if ((ring_.features & IORING_FEAT_EXT_ARG) == 0) return unsupported("wait with time-out", ENOSYS);
  return {};
}

Result<> UringBackend::open_buffers() {
  void* const ring_memory = map_memory(buffers_count * sizeof(io_uring_buf));
  void* const memory = map_memory(buffers_bytes);
  if (ring_memory != MAP_FAILED) buffer_ring_ = static_cast<io_uring_buf_ring*>(ring_memory);
  if (memory != MAP_FAILED) buffers_ = static_cast<std::byte*>(memory);
  if (buffer_ring_ == nullptr || buffers_ == nullptr) return unsupported("mmap", errno);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_);
  registration.ring_entries = buffers_count;
  registration.bgid = buffer_group;
  const int rc = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (rc < 0) return unsupported("a ring of receive buffers", -rc);
  io_uring_buf_ring_init(buffer_ring_);
  publish_buffers();
  give_buffers_back();
  return {};
}

UringBackend::~UringBackend() {
  if (has_ring_) {
    // Sockets that closed in the last turn: the calling off of their receive lets go of them.
    io_uring_submit(&ring_);
    io_uring_queue_exit(&ring_);
  }
  for (const auto& socket : sockets_)
    if (socket->fd >= 0) Descriptor(socket->fd);
  if (buffers_ != nullptr) munmap(buffers_, buffers_bytes);
  if (buffer_ring_ != nullptr) munmap(buffer_ring_, buffers_count * sizeof(io_uring_buf));
}

Result<> UringBackend::start() {
  // liburing 2.3 declares io_uring_enable_rings() but does not export it.
  const int rc = io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                   IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (rc < 0) return unsupported("io_uring_register", -rc);
  io_uring_register_ring_fd(&ring_);  // Saves a look-up at each call; no harm if refused.
  watch_mailbox();
  return {};
}

std::byte* UringBackend::buffer(std::uint16_t number) const {
  return buffers_ + number * buffer_bytes;
}

io_uring_sqe& UringBackend::entry() {
  io_uring_sqe* free_entry = io_uring_get_sqe(&ring_);
  if (free_entry == nullptr) {
    io_uring_submit(&ring_);
    // What was submitted cannot be joined any more.
    for (QuickSend& send : quick_sends_) send.entry = nullptr;
    free_entry = io_uring_get_sqe(&ring_);
  }
  ASSERT(free_entry != nullptr);
  return *free_entry;
}

void UringBackend::tag(io_uring_sqe& entry, const void* pointer, UringTag tag) const {
  entry.user_data = reinterpret_cast<std::uint64_t>(pointer) | static_cast<std::uint64_t>(tag);
}

void UringBackend::watch_mailbox() {
  io_uring_sqe& poll = entry();
  io_uring_prep_poll_add(&poll, mailbox_.descriptor(), POLLIN);
  tag(poll, nullptr, UringTag::mailbox);
}

void UringBackend::cancel(const void* operation, UringTag what) {
  io_uring_sqe& order = entry();
  io_uring_prep_cancel64(
      &order, reinterpret_cast<std::uint64_t>(operation) | static_cast<std::uint64_t>(what), 0);
  tag(order, nullptr, UringTag::ignored);
}

PollOutcome UringBackend::poll(Instant until) {
  // Every fiber has parked since: views are no longer looked at, and what a fiber left lying must
  // not keep buffers from the others.
  for (UringSocket* const socket : fed_)
    if (socket->first_piece != no_buffer) spill(*socket);
  fed_.clear();
  give_buffers_back();
  enter(std::exchange(settles_soon_, false) ? now() : until);
  const bool took_all = io_uring_sq_ready(&ring_) == 0;
  for (QuickSend& send : quick_sends_) send.entry = nullptr;
  while (reap() > 0) {
  }
  // Else the kernel had no memory for more, and still needs the copies: at the next poll then.
  if (took_all) settle_quick_sends();
  return PollOutcome::looked;
}

void UringBackend::enter(Instant until) {
  const bool is_endless = until == far_future;
  const Duration left = is_endless ? Duration::max() : until - now();
  if (left <= Duration::zero()) {
    const bool has_work = (IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_TASKRUN) != 0;
    if (has_work)
      io_uring_submit_and_get_events(&ring_);
    else if (io_uring_sq_ready(&ring_) > 0)
      io_uring_submit(&ring_);
    return;
  }
  if (is_endless) {
    io_uring_submit_and_wait(&ring_, 1);
    return;
  }
  constexpr std::int64_t second_ns = 1'000'000'000;
  __kernel_timespec timeout{.tv_sec = left.count() / second_ns,
                            .tv_nsec = left.count() % second_ns};
  io_uring_cqe* first = nullptr;
  io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
}

unsigned UringBackend::reap() {
  io_uring_cqe* completion = nullptr;
  unsigned head = 0;
  unsigned count = 0;
  io_uring_for_each_cqe(&ring_, head, completion) {
    complete(*completion);
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
  // More came than the ring holds: the kernel kept them, and hands them over when asked.
  if ((IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_CQ_OVERFLOW) != 0) {
    io_uring_get_events(&ring_);
    return 1;
  }
  return 0;
}

void UringBackend::complete(const io_uring_cqe& completion) {
  const std::uint64_t rest = completion.user_data & ~uring_tag_mask;
  switch (static_cast<UringTag>(completion.user_data & uring_tag_mask)) {
    case UringTag::ignored:
      break;
    case UringTag::receive:
      on_receive(*reinterpret_cast<UringSocket*>(rest), completion);
      break;
    case UringTag::send:
      on_send(*reinterpret_cast<UringSocket*>(rest), completion.res);
      break;
    case UringTag::quick_send:
      on_quick_send_failed(quick_sends_[rest / (uring_tag_mask + 1)], completion.res);
      break;
    case UringTag::ready: {
      auto& ready = *reinterpret_cast<Ready*>(rest);
      ready.is_done = true;
      ready.result = completion.res;
      ready.waiter->notify();
      break;
    }
    case UringTag::mailbox:
      mailbox_.acknowledge();
      watch_mailbox();
      break;
  }
}

void UringBackend::on_receive(UringSocket& socket, const io_uring_cqe& completion) {
  if ((completion.flags & IORING_CQE_F_MORE) == 0) socket.is_receiving = false;
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    const auto number = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    if (socket.is_closing || completion.res <= 0) {
      returned_.push_back(number);
    } else {
      pieces_[number] = {.bytes = static_cast<std::uint32_t>(completion.res), .next = no_buffer};
      if (socket.first_piece == no_buffer) {
        socket.first_piece = number;
        fed_.push_back(&socket);
      } else {
        pieces_[socket.last_piece].next = number;
      }
      socket.last_piece = number;
      socket.bytes_received += static_cast<std::uint64_t>(completion.res);
    }
  }
  if (completion.res == 0)
    socket.has_ended = true;
  else if (completion.res < 0 && completion.res != -ENOBUFS && completion.res != -ECANCELED)
    socket.receive_error = -completion.res;
  if (completion.res == -ENOBUFS && returned_.size() < buffers_step) publish_buffers();
  // After ENOBUFS too: the receiver finds nothing, and arms again once buffers are back.
  if (socket.receiver != nullptr) socket.receiver->notify();
  release_if_done(socket);
}

void UringBackend::on_send(UringSocket& socket, std::int32_t result) {
  socket.is_sending = false;
  socket.send_result = result;
  if (result < 0) socket.send_error = -result;
  if (!socket.unsent.empty()) {
    const auto sent = static_cast<std::size_t>(std::max(result, 0));
    if (result >= 0 && sent < socket.unsent.size()) {
      socket.unsent.erase(socket.unsent.begin(),
                          socket.unsent.begin() + static_cast<std::ptrdiff_t>(sent));
      begin_send(socket, socket.unsent);
      return;
    }
    socket.unsent = {};
    after_sends(socket);
  }
  if (socket.sender != nullptr) socket.sender->notify();
}

void UringBackend::arm_receive(UringSocket& socket) {
  io_uring_sqe& receive = entry();
  io_uring_prep_recv_multishot(&receive, socket.fd, nullptr, 0, 0);
  receive.flags |= IOSQE_BUFFER_SELECT;
  receive.buf_group = buffer_group;
  // Nothing will be there yet, mostly: the answer to what is sent in the same submission.
  receive.ioprio |= IORING_RECVSEND_POLL_FIRST;
  tag(receive, &socket, UringTag::receive);
  socket.is_receiving = true;
  socket.is_paused = false;
}

ByteView UringBackend::take_piece(UringSocket& socket) {
  const std::uint16_t number = socket.first_piece;
  socket.first_piece = pieces_[number].next;
  returned_.push_back(number);
  return {buffer(number), pieces_[number].bytes};
}

void UringBackend::spill(UringSocket& socket) {
  while (socket.first_piece != no_buffer) {
    const ByteView piece = take_piece(socket);
    socket.stash.insert(socket.stash.end(), piece.begin(), piece.end());
  }
  if (socket.stash.size() > stash_bytes_max && socket.is_receiving && !socket.is_paused) {
    socket.is_paused = true;
    cancel(&socket, UringTag::receive);
  }
}

void UringBackend::publish_buffers() {
  for (unsigned i = 0; i < buffers_step && buffers_published_ < buffers_count; ++i)
    returned_.push_back(static_cast<std::uint16_t>(buffers_published_++));
}

void UringBackend::give_buffers_back() {
  const int mask = io_uring_buf_ring_mask(buffers_count);
  int count = 0;
  for (const std::uint16_t number : returned_)
    io_uring_buf_ring_add(buffer_ring_, buffer(number), buffer_bytes, number, mask, count++);
  if (count > 0) io_uring_buf_ring_advance(buffer_ring_, count);
  returned_.clear();
}

void UringBackend::begin_send(UringSocket& socket, ByteView bytes) {
  io_uring_sqe& send = entry();
  io_uring_prep_send(&send, socket.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_WAITALL);
  tag(send, &socket, UringTag::send);
  socket.is_sending = true;
}

bool UringBackend::quick_send(UringSocket& socket, ByteView bytes) {
  if (quick_used_ + bytes.size() > quick_bytes_.size()) return false;
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if (socket.has_quick_send) {
    // Two in one submission could overtake each other if the first finds no room and the second
    // does: so it must become the same one.
    QuickSend& last = quick_sends_.back();
    if (last.socket != &socket || last.entry == nullptr) return false;
    std::memcpy(quick_bytes_.data() + quick_used_, bytes.data(), bytes.size());
    last.bytes += size;
    last.entry->len += size;
  } else {
    std::byte* const copy = quick_bytes_.data() + quick_used_;
    std::memcpy(copy, bytes.data(), bytes.size());
    io_uring_sqe& send = entry();
    // DONTWAIT: done when submitted, or not at all, so that the copy is free after the poll.
    // WAITALL: all of it, or it counts as failed and answers in spite of CQE_SKIP_SUCCESS.
    io_uring_prep_send(&send, socket.fd, copy, bytes.size(),
                       MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    send.flags |= IOSQE_CQE_SKIP_SUCCESS;
    send.user_data = quick_sends_.size() * (uring_tag_mask + 1) |
                     static_cast<std::uint64_t>(UringTag::quick_send);
    quick_sends_.push_back({&socket, static_cast<std::uint32_t>(quick_used_), size, &send});
    socket.has_quick_send = true;
  }
  quick_used_ += bytes.size();
  return true;
}

void UringBackend::on_quick_send_failed(QuickSend& send, std::int32_t result) {
  UringSocket& socket = *send.socket;
  if (result < 0 && result != -EAGAIN) {
    socket.send_error = -result;
    return;
  }
  const auto sent = static_cast<std::size_t>(std::max(result, 0));
  const ByteView all = ByteView(quick_bytes_).subspan(send.offset, send.bytes);
  socket.unsent.assign(all.begin() + static_cast<std::ptrdiff_t>(sent), all.end());
  if (!socket.unsent.empty()) begin_send(socket, socket.unsent);
}

void UringBackend::settle_quick_sends() {
  for (const QuickSend& send : quick_sends_) {
    UringSocket& socket = *send.socket;
    socket.has_quick_send = false;
    after_sends(socket);
    if (socket.sender != nullptr) socket.sender->notify();
  }
  quick_sends_.clear();
  quick_used_ = 0;
}

// What had to come after bytes that we said were sent.
void UringBackend::after_sends(UringSocket& socket) {
  if (!socket.unsent.empty()) return;
  if (socket.is_finishing) finish(socket);
  if (socket.is_closing && socket.fd >= 0) close(socket);
}

void UringBackend::finish(UringSocket& socket) {
  socket.is_finishing = socket.has_quick_send || !socket.unsent.empty();
  if (!socket.is_finishing) shutdown(socket.fd, SHUT_WR);
  if (socket.has_quick_send) settle_soon();
}

UringSocket& UringBackend::open(Descriptor socket) {
  if (free_sockets_.empty()) {
    sockets_.push_back(std::make_unique<UringSocket>());
    free_sockets_.push_back(sockets_.back().get());
  }
  UringSocket& opened = *free_sockets_.back();
  free_sockets_.pop_back();
  opened = UringSocket{};
  opened.fd = socket.release();
  return opened;
}

void UringBackend::close(UringSocket& socket) {
  socket.is_closing = true;
  while (socket.first_piece != no_buffer) take_piece(socket);
  socket.stash = {};
  // Bytes we said were sent go first; whoever completes them comes back here.
  if (socket.has_quick_send) settle_soon();
  if (socket.has_quick_send || !socket.unsent.empty()) return;
  // The number is free at once; the connection ends when the receive lets go of it, which the next
  // poll submits.
  Descriptor(std::exchange(socket.fd, -1));
  if (socket.is_receiving) cancel(&socket, UringTag::receive);
  release_if_done(socket);
}

void UringBackend::release_if_done(UringSocket& socket) {
  if (socket.is_closing && socket.fd < 0 && !socket.is_receiving && !socket.is_sending)
    free_sockets_.push_back(&socket);
}

Result<> UringBackend::wait_ready(Fiber& self, int fd, unsigned events, Instant deadline,
                                  const char* why) {
  FiberImpl& fiber = FiberImpl::of(self);
  if (fiber.is_cancelled) return wait_error(Woken::by_cancel, why);
  alignas(uring_tag_mask + 1) Ready ready{.waiter = &fiber, .result = 0, .is_done = false};
  io_uring_sqe& poll = entry();
  io_uring_prep_poll_add(&poll, fd, events);
  tag(poll, &ready, UringTag::ready);
  Woken woken = Woken::by_event;
  while (!ready.is_done && woken == Woken::by_event) woken = fiber.wait(deadline, why);
  if (!ready.is_done) {
    // `ready` lies on this stack: the kernel has to let go of it first.
    cancel(&ready, UringTag::ready);
    while (!ready.is_done) fiber.wait_uninterruptibly(why);
  }
  if (ready.result == -ECANCELED) return wait_error(woken, why);
  if (ready.result < 0) return std::unexpected(errno_error(why, -ready.result));
  return {};
}

Result<> UringBackend::wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) {
  const unsigned events = event == FdEvent::readable ? POLLIN | POLLRDHUP : POLLOUT;
  return wait_ready(self, fd, events, deadline, "descriptor");
}

Result<std::unique_ptr<Backend>> make_uring_backend(Mailbox& mailbox) {
  return UringBackend::create(mailbox);
}

}  // namespace brunt
