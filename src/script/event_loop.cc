#include "script/event_loop.h"

#include <fmt/format.h>

#include <algorithm>

#include "script/engine.h"

namespace brunt {

void EventLoop::Operation::post(Callback callback) {
  if (under_way()) events_->post(std::move(callback));
}

void EventLoop::Operation::end() {
  if (under_way()) {
    --events_->operations_;
    if (events_->waiting_ != nullptr) events_->waiting_->wake();
  }
  events_ = nullptr;
}

bool EventLoop::Operation::under_way() const {
  return events_ != nullptr && events_->round_ == round_;
}

EventLoop::~EventLoop() {
  clear();
}

EventLoop::Operation EventLoop::begin() {
  ++operations_;
  return {*this, round_};
}

Result<> EventLoop::start(const char* name, Work work) {
  if (!fibers_) fibers_ = std::make_unique<FiberGroup>(engine_.fiber->loop());
  if (fibers_->alive() >= limits_.fibers_max)
    return fail(ErrorCode::exhausted,
                fmt::format("{}: {} of them are under way already", name, limits_.fibers_max));
  return fibers_->spawn(name, [operation = begin(), work = std::move(work)](Fiber& fiber) mutable {
    Callback done = work(fiber);
    if (!fiber.cancelled()) operation.post(std::move(done));
    operation.end();
  });
}

void EventLoop::post(Callback callback) {
  ready_.push_back(std::move(callback));
  if (waiting_ != nullptr) waiting_->wake();
}

Result<std::uint32_t> EventLoop::add_timer(Timer timer) {
  Due due{.delay = std::max(timer.delay, limits_.delay_min),
          .repeats = timer.repeats,
          .callback = JS_DupValue(engine_.context(), timer.callback),
          .arguments = std::move(timer.arguments)};
  if (timers_.size() >= limits_.timers_max) {
    let_go(due);
    return fail(ErrorCode::exhausted,
                fmt::format("{} timers of one virtual user wait already", timers_.size()));
  }
  const Instant at = now() + due.delay;
  timers_.emplace(std::pair(at, ++timer_id_), std::move(due));
  return timer_id_;
}

void EventLoop::clear_timer(std::uint32_t id) {
  const auto found =
      std::ranges::find_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
  if (found == timers_.end()) return;
  let_go(found->second);
  timers_.erase(found);
}

void EventLoop::let_go(Due& timer) {
  JS_FreeValue(engine_.context(), timer.callback);
  for (const JSValue argument : timer.arguments) JS_FreeValue(engine_.context(), argument);
}

Result<> EventLoop::failed() {
  std::string text = take_exception(engine_.context());
  if (engine_.interrupted()) return fail(ErrorCode::cancelled, "the run ends");
  return fail(ErrorCode::malformed, std::move(text));
}

Result<> EventLoop::run_timer(Timers::iterator timer) {
  JSContext* context = engine_.context();
  auto node = timers_.extract(timer);
  Due due = std::move(node.mapped());
  const JsValue callback(context, JS_DupValue(context, due.callback));
  std::vector<JsValue> held;
  std::vector<JSValueConst> arguments;
  for (const JSValue argument : due.arguments) {
    held.emplace_back(context, JS_DupValue(context, argument));
    arguments.push_back(argument);
  }
  if (due.repeats) {
    // From when it was due, so that it keeps its pace; but of what was missed only once.
    auto& [at, id] = node.key();
    at = std::max(at + due.delay, now());
    node.mapped() = std::move(due);
    timers_.insert(std::move(node));
  } else {
    let_go(due);
  }
  const JsValue done(context, JS_Call(context, callback.get(), js_undefined,
                                      static_cast<int>(arguments.size()), arguments.data()));
  return done.failed() ? failed() : Result<>();
}

Instant EventLoop::now() const {
  return engine_.in_init ? init_now_ : engine_.fiber->now();
}

Result<> EventLoop::run_init() {
  for (int rings = 0; rings < limits_.rings_init_max; ++rings) {
    TRY(engine_.settle());
    if (timers_.empty()) return {};
    init_now_ = timers_.begin()->first.first;
    TRY(run_timer(timers_.begin()));
  }
  return fail(ErrorCode::malformed, "the timers of the script's init code do not come to an end");
}

Result<bool> EventLoop::run_one(Fiber& self) {
  if (!timers_.empty() && timers_.begin()->first.first <= self.now()) {
    TRY(run_timer(timers_.begin()));
    return true;
  }
  if (ready_next_ == ready_.size()) return false;
  Callback callback = std::move(ready_[ready_next_++]);
  if (ready_next_ == ready_.size()) {
    ready_.clear();
    ready_next_ = 0;
  }
  if (!callback(engine_.context())) TRY(failed());
  return true;
}

Result<> EventLoop::run(Fiber& self, const std::function<bool()>& until) {
  for (;;) {
    TRY(engine_.settle());
    if (self.cancelled()) return fail(ErrorCode::cancelled, "the run ends");
    if (until && until()) return {};
    if (TRY(run_one(self))) continue;
    if (operations_ == 0 && timers_.empty()) return {};
    waiting_ = &self;
    const Instant due = timers_.empty() ? far_future : timers_.begin()->first.first;
    const auto woken = self.park(due, "a script's event loop");
    waiting_ = nullptr;
    if (!woken && woken.error().code == ErrorCode::cancelled) return std::unexpected(woken.error());
  }
}

void EventLoop::abandon(Fiber& self) {
  ++round_;
  operations_ = 0;
  if (fibers_) {
    fibers_->cancel();
    (void)fibers_->join(self);
  }
  clear();
}

void EventLoop::clear() {
  for (auto& [at, timer] : timers_) let_go(timer);
  timers_.clear();
  ready_.clear();
  ready_next_ = 0;
}

}  // namespace brunt
