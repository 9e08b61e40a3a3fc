// More loops than the caller's: threads that each run one loop with one main fiber, for a server
// that listens on several threads with SO_REUSEPORT.
//
//   LoopThreads threads;
//   TRY(threads.start({.count = 3}, [&](Fiber& fiber, std::size_t index) { serve(fiber, index);
//   }));
//   ...
//   threads.stop();        // cancels every fiber of every loop
//   threads.join(self);    // parks until all have ended
//
// The body is called on each thread at once: what it shares must bear that.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

#include "base/result.h"
#include "loop/loop.h"

namespace brunt {

struct LoopThreadsOptions {
  std::size_t count = 1;
  LoopOptions loop;  // The seed of thread i is seed + 1 + i.
};

class LoopThreads {
 public:
  using Body = std::function<void(Fiber&, std::size_t index)>;

  LoopThreads();
  ~LoopThreads();  // Stops and joins, blocking.

  // Errors: those of Loop::create; then no thread runs.
  Result<> start(const LoopThreadsOptions& options, Body body);

  // Any thread.
  void stop();

  // Parks until every thread has ended; at once when none was started. Not interrupted by
  // cancellation: stop() first.
  void join(Fiber& self);

  std::size_t count() const;
  Loop& loop(std::size_t index) const;  // For post().

  LoopThreads(const LoopThreads&) = delete;
  LoopThreads& operator=(const LoopThreads&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
