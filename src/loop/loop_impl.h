// The loop's turn: run who is ready, wait for events, fire timers. Everything that is the same on
// all backends.
//
// For this layer only.
#pragma once
#include <exception>
#include <memory>
#include <string>

#include "loop/backend.h"
#include "loop/fiber_impl.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/stack_pool.h"
#include "loop/timer_heap.h"

namespace brunt {

// A fiber that waits this long gives back the pages of its stack which only its deeper calls
// needed: at 15,000 virtual users the difference of a few pages each. Touching them again costs up
// to 10 us, so that shorter waits would pay more than they save.
inline constexpr Duration long_wait = std::chrono::seconds(5);

class LoopImpl final : public Loop {
 public:
  LoopImpl(const LoopOptions& options, std::unique_ptr<Mailbox> mailbox,
           std::unique_ptr<Backend> backend);
  ~LoopImpl() override;

  Result<Fiber*> spawn(const char* name, Body body) override;
  void run() override;
  void stop() override;
  void post(std::move_only_function<void()> work) override;
  Instant now() const override { return now_; }
  Instant precise_now() const override { return backend_->now(); }
  WallTime wall() const override { return backend_->wall(); }
  Prng& prng() override { return prng_; }
  BackendKind backend() const override { return backend_->kind(); }
  Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                          Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) override;
  LoopStats stats() const override;
  void reset_lag() override { stats_.lag_max = stats_.held_up = Duration::zero(); }
  std::string describe() const override;

  // For fibers.
  void enqueue(FiberImpl& fiber);
  void arm(FiberImpl& fiber, Instant at) { timers_.arm(fiber, at); }

  // For helpers: while work is outside, the simulated clock stands still and waits for the mail.
  void work_went_out() { ++work_outside_; }
  void work_came_back() { --work_outside_; }

 private:
  static void run_body(void* argument);

  void run_ready();
  void run_batch();
  void resume(FiberImpl& fiber);
  void bury(FiberImpl& fiber);
  void wait_for_events();
  void fire_timers();
  void trim(FiberImpl& fiber);
  void trim_some();
  void cancel_all();
  void nothing_can_happen();
  void keep_exception(std::exception_ptr exception);

  LoopOptions options_;
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<Backend> backend_;
  StackPool stacks_;
  TimerHeap timers_;
  Prng prng_;
  MainContext main_;
  Instant now_;
  Instant turn_began_;
  FiberImpl* ready_first_ = nullptr;
  FiberImpl* ready_last_ = nullptr;
  FiberImpl* fibers_ = nullptr;
  FiberImpl* trim_next_ = nullptr;  // Where the present round of trimming stands.
  Instant next_trim_round_{};
  std::size_t work_outside_ = 0;
  LoopStats stats_;
  std::exception_ptr exception_;
};

}  // namespace brunt
