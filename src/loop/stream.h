// A stream of bytes between two ends, and the listener that accepts such streams: TCP and unix
// sockets on io_uring or epoll, the simulated network, and (in net/) TLS over any of them.
//
// A stream belongs to one loop. At most one fiber receives and one sends at a time. A deadline that
// passes leaves the stream usable for receive(), but not for send(): how much went out is unknown
// then, so close it.
//
//   auto stream = TRY(loop.connect(self, {.to = endpoint}, self.now() + 5s));
//   TRY(stream->send(self, as_bytes("PING\r\n"), deadline));
//   const ByteView reply = TRY(stream->receive(self, deadline));
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "loop/endpoint.h"
#include "loop/fiber.h"

namespace brunt {

class Stream {
 public:
  virtual ~Stream() =
      default;  // Closes at once; unsent bytes that the kernel took are still delivered.

  // Parks until bytes arrive. The view is valid until `self` next parks or the next call on this
  // stream, whichever is first; it costs an idle stream no memory. Empty: the peer has finished
  // sending. Errors: reset, timeout, cancelled, tls, io.
  virtual Result<ByteView> receive(Fiber& self, Instant deadline) = 0;

  // Parks until all bytes are handed to the kernel (or the simulated network). The bytes must stay
  // as they are meanwhile. Errors: reset, timeout, cancelled, tls, io.
  virtual Result<> send(Fiber& self, ByteView bytes, Instant deadline) = 0;

  // Says that no more bytes will come from us (TCP half-close). Does not park.
  virtual void finish() = 0;

  // Breaks the stream instead of ending it: once it is destroyed, the peer's calls fail with
  // `reset`, and what was not sent is gone (TCP's RST; a unix socket just closes). Does not park.
  virtual void abort() = 0;

  // Whether an idle stream can still be used: false once the peer has closed it, it broke, or bytes
  // came that nobody asked for. As of the loop's last turn. Does not park; takes a system call only
  // where that is not known.
  virtual bool usable() = 0;

  virtual Endpoint local() const = 0;
  virtual Endpoint peer() const = 0;

  // Bytes on the wire so far (with TLS: the encrypted ones).
  virtual std::uint64_t bytes_sent() const = 0;
  virtual std::uint64_t bytes_received() const = 0;
};

struct ConnectOptions {
  Endpoint to;
  std::optional<Endpoint>
      from;  // A source address to bind to; port 0 lets the kernel choose (late, by 4-tuple).
};

struct ListenOptions {
  Endpoint at;              // Port 0: the kernel chooses; ask the listener.
  int backlog = 4096;       // Bounded by net.core.somaxconn.
  bool reuse_port = false;  // Several processes or threads on one port (SO_REUSEPORT).
  bool pausable = false;    // For Listener::pause().
};

class Listener {
 public:
  virtual ~Listener() = default;

  // Parks until a client comes. When descriptors run out it returns `exhausted` (after a pause, so
  // that a loop around it never spins); the listener stays usable. Errors: exhausted, timeout,
  // cancelled, io.
  virtual Result<std::unique_ptr<Stream>> accept(Fiber& self, Instant deadline) = 0;

  // As if nobody listened: who connects from now on is refused, who waited to be accepted is reset,
  // and accept() waits. The address stays ours. Errors: unsupported (not ListenOptions::pausable),
  // io.
  virtual Result<> pause() = 0;
  // Listens again; nothing if it is not paused. Errors: io (somebody took a unix socket's path).
  virtual Result<> resume() = 0;

  virtual Endpoint local() const = 0;
};

}  // namespace brunt
