// The io_uring backend's inside: the ring, its receive buffers, and the sockets whose operations
// are under way.
//
// Receiving is one multishot operation a socket, which fills buffers of a shared ring; buffers are
// given back at the next poll. A short send is copied, submitted with the next poll, completes
// there at once, and answers only if it could not: so a request costs one submission and one
// completion. For uring_backend.cc and uring_stream.cc only.
#pragma once
#include <liburing.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "loop/backend.h"
#include "loop/fiber_impl.h"
#include "loop/socket.h"

namespace brunt {

// The low bits of a completion's user_data say what it is, the rest is a pointer or an index.
enum class UringTag : std::uint64_t { ignored, receive, send, quick_send, ready, mailbox };
inline constexpr std::uint64_t uring_tag_mask = 7;

inline constexpr std::uint16_t no_buffer = 0xffff;

// A socket as the kernel's operations know it. It outlives its stream until the last operation has
// answered, then waits for reuse.
struct UringSocket {
  int fd = -1;
  bool is_receiving = false;    // The multishot receive is armed.
  bool is_sending = false;      // A long send, or `unsent`, is under way.
  bool has_quick_send = false;  // One was queued since the last poll.
  bool has_ended = false;       // The peer's end of stream has come.
  bool is_finishing = false;    // No more bytes will be sent; the kernel is told after the last.
  bool is_closing = false;      // Its stream is gone.
  bool is_paused = false;       // So much lies in `stash` that the receive was called off.
  int receive_error = 0;
  int send_error = 0;
  std::int32_t send_result = 0;
  std::uint16_t first_piece = no_buffer;  // Received and not taken: a chain of ring buffers...
  std::uint16_t last_piece = no_buffer;
  std::vector<std::byte> stash;   // ...then what was copied out of such a chain.
  std::vector<std::byte> unsent;  // What a quick send left, while the kernel sends it.
  FiberImpl* receiver = nullptr;
  FiberImpl* sender = nullptr;
  std::uint64_t bytes_received = 0;
};

class UringBackend final : public Backend {
 public:
  static Result<std::unique_ptr<Backend>> create(Mailbox& mailbox);
  ~UringBackend() override;

  Result<> start() override;
  PollOutcome poll(Instant until) override;
  Instant now() const override { return monotonic_now(); }
  WallTime wall() const override { return wall_now(); }
  BackendKind kind() const override { return BackendKind::io_uring; }
  Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                          Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) override;

  // Parks until the descriptor has one of the poll(2) events.
  Result<> wait_ready(Fiber& self, int fd, unsigned events, Instant deadline, const char* why);

  // For streams.
  UringSocket& open(Descriptor socket);
  void close(UringSocket& socket);
  void finish(UringSocket& socket);
  void arm_receive(UringSocket& socket);
  ByteView take_piece(UringSocket& socket);
  void begin_send(UringSocket& socket, ByteView bytes);
  void cancel(const void* operation, UringTag tag);
  // False if this turn's room for short sends is used up.
  bool quick_send(UringSocket& socket, ByteView bytes);
  // Somebody waits for the short sends of this turn, whose success nobody hears of: the next poll
  // submits them and does not wait for anything else.
  void settle_soon() { settles_soon_ = true; }

 private:
  struct Piece {
    std::uint32_t bytes;
    std::uint16_t next;
  };
  struct QuickSend {
    UringSocket* socket;
    std::uint32_t offset;  // In quick_bytes_.
    std::uint32_t bytes;
    io_uring_sqe* entry;  // Until it is submitted: so that the next short send joins it.
  };
  struct Ready {
    FiberImpl* waiter;
    std::int32_t result;
    bool is_done;
  };

  explicit UringBackend(Mailbox& mailbox);
  Result<> open_ring();
  Result<> open_buffers();
  io_uring_sqe& entry();
  void tag(io_uring_sqe& entry, const void* pointer, UringTag tag) const;
  void enter(Instant until);
  unsigned reap();
  void complete(const io_uring_cqe& completion);
  void on_receive(UringSocket& socket, const io_uring_cqe& completion);
  void on_send(UringSocket& socket, std::int32_t result);
  void on_quick_send_failed(QuickSend& send, std::int32_t result);
  void settle_quick_sends();
  void after_sends(UringSocket& socket);
  void publish_buffers();
  void give_buffers_back();
  void spill(UringSocket& socket);
  void release_if_done(UringSocket& socket);
  void watch_mailbox();
  std::byte* buffer(std::uint16_t number) const;

  Mailbox& mailbox_;
  io_uring ring_{};
  bool has_ring_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::byte* buffers_ = nullptr;
  unsigned buffers_published_ = 0;
  std::vector<Piece> pieces_;            // One for each buffer.
  std::vector<std::uint16_t> returned_;  // Buffers to be given back at the next poll.
  std::vector<UringSocket*> fed_;        // Sockets that got buffers in the last poll.
  std::vector<std::byte> quick_bytes_;
  std::size_t quick_used_ = 0;
  std::vector<QuickSend> quick_sends_;
  bool settles_soon_ = false;
  std::vector<std::unique_ptr<UringSocket>> sockets_;
  std::vector<UringSocket*> free_sockets_;
};

}  // namespace brunt
