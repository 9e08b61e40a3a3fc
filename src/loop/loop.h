// One event loop: one thread's fibers, timers, and streams, over io_uring, epoll, or a simulated
// network and clock.
//
// The same code runs on all three; only what is below this header differs. A loop belongs to the
// thread that calls run(); only post() and stop() may be called from others.
//
//   auto loop = TRY(Loop::create({}));
//   loop->spawn("client", [&](Fiber& self) { ... });
//   loop->run();                                   // until every fiber has ended
//
// Source: docs/decisions/0001-fibers.md, docs/internals/fibers.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"
#include "loop/fiber.h"
#include "loop/stream.h"

namespace brunt {

enum class BackendKind : std::uint8_t { automatic, io_uring, epoll, simulated };

std::string_view name_of(BackendKind kind);
Result<BackendKind> parse_backend(
    std::string_view name);  // "auto", "io_uring", "epoll", "simulated"

// The simulated network's weather. All chance comes from the loop's seed.
struct SimulatedNetwork {
  Duration one_way_delay_min{};  // Each chunk travels for a uniform time in [min, max]; a stream's
                                 // bytes never reorder.
  Duration one_way_delay_max{};
  double loss_probability =
      0;  // A lost chunk arrives late, after a retransmission time-out of 200 ms, as TCP's would.
  double reset_probability = 0;  // For each chunk: the stream breaks instead.
  double split_probability = 0;  // For each chunk: it arrives in two pieces.
  double reorder_probability =
      0;  // For each pair of streams: a later chunk of another stream overtakes.
};

// Somebody sets the clock of the simulated machine: from `at` on, wall() is off by `by`. now() does
// not move.
struct WallJump {
  Instant at = far_future;
  Duration by{};
};

// Somebody else has the core of the simulated machine: what comes due in [at, at + lasts) is found
// only at its end. With `every`, again and again.
struct CoreLoss {
  Instant at = far_future;
  Duration lasts{};
  Duration every{};
};

struct LoopOptions {
  BackendKind backend = BackendKind::automatic;  // io_uring if the kernel lets us, else epoll.
  std::uint64_t seed = 1;                        // For simulation and for prng().
  std::size_t stack_bytes = 256u << 10u;         // Address space for each fiber.
  std::size_t fibers_max = 200'000;              // spawn() beyond this is `exhausted`.
  SimulatedNetwork network;                      // For `simulated` only.
  WallJump wall_jump;                            // For `simulated` only.
  CoreLoss core_loss;                            // For `simulated` only.
};

// A turn of the loop that takes so long holds others up: timers are late and replies wait.
inline constexpr Duration long_turn = std::chrono::milliseconds(10);

// What the loop says of itself: the honesty gate reads it.
struct LoopStats {
  std::uint64_t turns = 0;
  std::uint64_t fibers_started = 0;
  std::uint64_t fibers_alive = 0;
  Duration busy{};     // Time spent outside the kernel's wait.
  Duration lag_max{};  // Longest single turn since the last reset_lag(): what a due timer may have
                       // had to wait. A turn begins when its first timer is due, also when the
                       // kernel gives us the core only later.
  Duration held_up{};  // All turns of long_turn or more since the last reset_lag().
  Duration waited_max{};  // How long what the current turn found ready may have waited for it.
};

enum class FdEvent : std::uint8_t { readable, writable };

class Loop {
 public:
  // Errors: unsupported (the backend asked for is refused here; the text says by what), exhausted.
  static Result<std::unique_ptr<Loop>> create(const LoopOptions& options);
  virtual ~Loop() = default;  // REQUIRES: every fiber has ended.

  // Starts a fiber at the next turn. The Fiber lives until its body returns. An exception that
  // leaves the body is carried to run(), which cancels all others, waits for them, and throws it.
  // Errors: exhausted (the text names the limit, e.g. vm.max_map_count).
  using Body = std::move_only_function<void(Fiber&)>;
  virtual Result<Fiber*> spawn(const char* name, Body body) = 0;

  // Runs until every fiber has ended. Call it once, from the thread that owns the loop. Under
  // simulation, when all that is left waits for what cannot happen any more, it cancels them and
  // throws a std::runtime_error with describe(): a test fails instead of hanging.
  virtual void run() = 0;

  // Cancels every fiber alive. Any thread.
  virtual void stop() = 0;

  // Runs `work` on the loop's thread at its next turn, outside any fiber: it may wake fibers, not
  // park. Any thread; the only door into a loop. A loop with a helper at work stays in run() as
  // long as a fiber is parked for it.
  virtual void post(std::move_only_function<void()> work) = 0;

  virtual Instant now() const = 0;  // Read once a turn; virtual under simulation.
  virtual Instant precise_now()
      const = 0;  // Read now: for timings within a turn. Virtual under simulation.
  virtual WallTime wall() const = 0;  // Virtual under simulation: starts at 2000-01-01T00:00:00Z.
  virtual Prng& prng() = 0;
  virtual BackendKind backend() const = 0;  // Never automatic.

  // Streams. Under simulation every Endpoint is reachable at which something listens on the same
  // loop. Errors: refused, unreachable, timeout, exhausted (ports or descriptors: the text says
  // which), cancelled, io.
  virtual Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                                  Instant deadline) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) = 0;

  // Parks until a foreign descriptor (libpq's, c-ares', a pipe) is ready. Errors: timeout,
  // cancelled, unsupported (simulated).
  virtual Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) = 0;

  virtual LoopStats stats() const = 0;
  virtual void reset_lag() = 0;
  virtual std::string describe()
      const = 0;  // Every fiber with what it waits for: for tests that hang.
};

}  // namespace brunt
