#include "loop/loop.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#include "base/assert.h"
#include "loop/loop_impl.h"

namespace brunt {
namespace {

struct BackendName {
  BackendKind kind;
  std::string_view name;
};
constexpr std::array backend_names = {
    BackendName{BackendKind::automatic, "auto"}, BackendName{BackendKind::io_uring, "io_uring"},
    BackendName{BackendKind::epoll, "epoll"}, BackendName{BackendKind::simulated, "simulated"}};

// Fibers that wake each other go on this often before the loop looks at the kernel again: a few
// hops of a queue cost no system call, and cannot starve the sockets either.
constexpr int batches_per_turn = 8;
constexpr int looks_per_turn = 16;

Result<std::unique_ptr<Backend>> make_backend(const LoopOptions& options, Mailbox& mailbox) {
  switch (options.backend) {
    case BackendKind::simulated:
      return make_simulated_backend(options);
    case BackendKind::epoll:
      return make_epoll_backend(mailbox);
    case BackendKind::io_uring:
      return make_uring_backend(mailbox);
    case BackendKind::automatic:
      break;
  }
  auto uring = make_uring_backend(mailbox);
  return uring ? std::move(uring) : make_epoll_backend(mailbox);
}

const char* text_of(FiberState state) {
  switch (state) {
    case FiberState::ready:
      return "ready";
    case FiberState::running:
      return "running";
    case FiberState::parked:
    case FiberState::waiting:
      break;
  }
  return "parked";
}

}  // namespace

std::string_view name_of(BackendKind kind) {
  for (const BackendName& entry : backend_names)
    if (entry.kind == kind) return entry.name;
  return "unknown";
}

Result<BackendKind> parse_backend(std::string_view name) {
  for (const BackendName& entry : backend_names)
    if (entry.name == name) return entry.kind;
  return fail(
      ErrorCode::invalid,
      "'" + std::string(name) + "' is no backend; there are auto, io_uring, epoll, simulated");
}

Result<std::unique_ptr<Loop>> Loop::create(const LoopOptions& options) {
  auto mailbox = TRY(Mailbox::open());
  auto backend = TRY(make_backend(options, *mailbox));
  return std::make_unique<LoopImpl>(options, std::move(mailbox), std::move(backend));
}

LoopImpl::LoopImpl(const LoopOptions& options, std::unique_ptr<Mailbox> mailbox,
                   std::unique_ptr<Backend> backend)
    : options_(options),
      mailbox_(std::move(mailbox)),
      backend_(std::move(backend)),
      stacks_({.stack_bytes = options.stack_bytes}),
      prng_(options.seed),
      now_(backend_->now()),
      turn_began_(now_) {}

LoopImpl::~LoopImpl() {
  while (fibers_ != nullptr) {
    // Only a fiber that never ran can go without running: its body is destroyed, not unwound.
    ASSERT(fibers_->state == FiberState::ready && fibers_->why == std::string_view("start"));
    bury(*fibers_);
  }
}

Result<Fiber*> LoopImpl::spawn(const char* name, Body body) {
  if (stats_.fibers_alive >= options_.fibers_max)
    return fail(ErrorCode::exhausted,
                "no more than " + std::to_string(options_.fibers_max) +
                    " fibers in one loop (fibers_max); use several processes");
  const Stack stack = TRY(stacks_.take());
  constexpr std::size_t line = 64;
  constexpr std::size_t room = (sizeof(FiberImpl) + line - 1) / line * line;
  std::byte* const top = stack.top - room;
  auto* const fiber = ::new (top) FiberImpl(*this, name, std::move(body), stack);
  fiber->context.prepare(stack.bottom, top, run_body, fiber);
  fiber->next = fibers_;
  if (fibers_ != nullptr) fibers_->previous = fiber;
  fibers_ = fiber;
  ++stats_.fibers_started;
  ++stats_.fibers_alive;
  enqueue(*fiber);
  return fiber;
}

void LoopImpl::run_body(void* argument) {
  auto& fiber = *static_cast<FiberImpl*>(argument);
  try {
    Body body = std::move(fiber.body);
    body(fiber);
  } catch (...) {
    fiber.owner.keep_exception(std::current_exception());
  }
  fiber.has_ended = true;
  fiber.context.finish();
}

void LoopImpl::keep_exception(std::exception_ptr exception) {
  if (exception_ == nullptr) exception_ = std::move(exception);
  cancel_all();
}

void LoopImpl::enqueue(FiberImpl& fiber) {
  fiber.state = FiberState::ready;
  fiber.next_ready = nullptr;
  (ready_last_ == nullptr ? ready_first_ : ready_last_->next_ready) = &fiber;
  ready_last_ = &fiber;
}

void LoopImpl::run() {
  main_.adopt_this_thread();
  // The kernel rounds waits up by 50 us otherwise, and every planned instant would be that late.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (const Result<> started = backend_->start(); !started)
    keep_exception(std::make_exception_ptr(std::runtime_error(started.error().text)));
  turn_began_ = now_ = backend_->now();
  while (stats_.fibers_alive > 0 || mailbox_->has_mail()) {
    if (mailbox_->has_mail()) mailbox_->run_all();
    fire_timers();
    run_ready();
    trim_some();
    wait_for_events();
  }
  if (exception_ != nullptr) std::rethrow_exception(std::exchange(exception_, nullptr));
}

void LoopImpl::run_ready() {
  for (int batch = 0; batch < batches_per_turn && ready_first_ != nullptr; ++batch) run_batch();
}

void LoopImpl::run_batch() {
  FiberImpl* fiber = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  while (fiber != nullptr) {
    FiberImpl* const following = fiber->next_ready;
    resume(*fiber);
    fiber = following;
  }
}

void LoopImpl::resume(FiberImpl& fiber) {
  ASSERT(stacks_.is_intact(fiber.stack));  // Else the fiber on the stack above it overflowed.
  fiber.state = FiberState::running;
  fiber.context.resume(main_);
  if (fiber.has_ended)
    bury(fiber);
  else if (fiber.wants_trim) [[unlikely]]
    trim(fiber);
}

void LoopImpl::trim(FiberImpl& fiber) {
  stacks_.trim(fiber.stack, fiber.context.saved_at());
  fiber.is_trimmed = true;
}

// For the waits whose length nobody knew before. A few fibers a turn, so that no turn is long.
void LoopImpl::trim_some() {
  if (now_ < next_trim_round_) return;
  for (int i = 0; i < looks_per_turn && trim_next_ != nullptr; ++i) {
    FiberImpl& fiber = *std::exchange(trim_next_, trim_next_->next);
    const bool is_suspended =
        fiber.state == FiberState::parked || fiber.state == FiberState::waiting;
    if (is_suspended && !fiber.is_trimmed && now_ - fiber.suspended_at >= long_wait) trim(fiber);
  }
  if (trim_next_ != nullptr) return;
  trim_next_ = fibers_;
  next_trim_round_ = now_ + long_wait;
}

void LoopImpl::bury(FiberImpl& fiber) {
  timers_.disarm(fiber);
  if (trim_next_ == &fiber) trim_next_ = fiber.next;
  if (fiber.next != nullptr) fiber.next->previous = fiber.previous;
  (fiber.previous != nullptr ? fiber.previous->next : fibers_) = fiber.next;
  --stats_.fibers_alive;
  fiber.context.release();
  const Stack stack = fiber.stack;
  fiber.~FiberImpl();
  stacks_.give_back(stack);
}

void LoopImpl::fire_timers() {
  while (TimerNode* const node = timers_.take_due(now_)) {
    auto& fiber = static_cast<FiberImpl&>(*node);
    if (fiber.state != FiberState::parked && fiber.state != FiberState::waiting) continue;
    if (fiber.deadline <= now_)
      fiber.make_ready(Woken::by_deadline);
    else if (fiber.deadline < far_future)
      timers_.arm(fiber, fiber.deadline);
  }
}

void LoopImpl::wait_for_events() {
  const Instant turn_ended = backend_->now();
  const Duration turn = turn_ended - turn_began_;
  stats_.busy += turn;
  if (turn > stats_.lag_max) stats_.lag_max = turn;
  if (turn >= long_turn) stats_.held_up += turn;
  ++stats_.turns;
  const bool may_wait = ready_first_ == nullptr && stats_.fibers_alive > 0;
  const Instant until = may_wait ? timers_.first() : now_;
  if (backend_->kind() == BackendKind::simulated && work_outside_ > 0 && may_wait)
    mailbox_->wait();
  else if (backend_->poll(until) == PollOutcome::idle && may_wait && !mailbox_->has_mail())
    nothing_can_happen();
  now_ = backend_->now();
  // What is due waits from then on, not from when the kernel has let us run.
  turn_began_ = std::clamp(until, turn_ended, now_);
  stats_.waited_max = turn + (now_ - turn_began_);
}

void LoopImpl::nothing_can_happen() {
  // Ended by force, or a test would hang for ever; the text says who waits for what.
  keep_exception(std::make_exception_ptr(std::runtime_error(
      "every fiber of the simulation waits for what cannot happen:\n" + describe())));
}

void LoopImpl::cancel_all() {
  for (FiberImpl* fiber = fibers_; fiber != nullptr; fiber = fiber->next) fiber->cancel();
}

void LoopImpl::stop() {
  post([this] { cancel_all(); });
}

void LoopImpl::post(std::move_only_function<void()> work) {
  mailbox_->post(std::move(work));
}

Result<std::unique_ptr<Stream>> LoopImpl::connect(Fiber& self, const ConnectOptions& options,
                                                  Instant deadline) {
  return backend_->connect(self, options, deadline);
}

Result<std::unique_ptr<Listener>> LoopImpl::listen(const ListenOptions& options) {
  return backend_->listen(options);
}

Result<> LoopImpl::wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) {
  return backend_->wait_fd(self, fd, event, deadline);
}

LoopStats LoopImpl::stats() const {
  return stats_;
}

std::string LoopImpl::describe() const {
  std::string text;
  for (const FiberImpl* fiber = fibers_; fiber != nullptr; fiber = fiber->next) {
    text.append(fiber->name).append(": ").append(text_of(fiber->state));
    if (fiber->state == FiberState::parked || fiber->state == FiberState::waiting) {
      text.append(", ").append(fiber->why);
      if (fiber->deadline < far_future)
        text.append(", until ")
            .append(std::to_string(seconds_of(fiber->deadline - now_)))
            .append(" s from now");
    }
    if (fiber->is_cancelled) text.append(", cancelled");
    text.append("\n");
  }
  return text;
}

}  // namespace brunt
