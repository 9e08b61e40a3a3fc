// SIGINT and SIGTERM as events on the loop: the first asks for a graceful end, the second for an
// end now. SIGPIPE is ignored for the whole process.
//
//   auto signals = TRY(Signals::create(loop));
//   loop.spawn("signals", [&](Fiber& self) {
//     while (auto signal = signals->next(self, far_future)) signals->count() == 1 ? wind_down() :
//     stop();
//   });                                         // cancel this fiber when the run ends
//
// REQUIRES: created before any other thread starts (the signals are blocked in this thread, and
// threads started later inherit that). One at a time in a process.
#pragma once
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "loop/loop.h"

namespace brunt {

class Signals {
 public:
  static Result<std::unique_ptr<Signals>> create(Loop& loop);
  ~Signals();  // The signals have their former meaning again.

  // Parks until one comes; gives its number. Errors: timeout, cancelled, unsupported (simulated).
  Result<int> next(Fiber& self, Instant deadline);

  // How many have come so far, of both kinds.
  std::uint32_t count() const { return count_; }

  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  Signals(Loop& loop, std::unique_ptr<State> state);
  Loop& loop_;
  std::unique_ptr<State> state_;
  std::uint32_t count_ = 0;
};

}  // namespace brunt
