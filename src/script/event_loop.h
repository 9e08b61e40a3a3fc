// What a virtual user's script has under way: timers, and operations that end by a callback. An
// iteration ends when nothing is left, as in k6.
//
// For this layer only. For a module whose function returns at once and settles a promise later:
//
//   JsPromise promise(context);
//   const JSValue shown = promise.value();                   // what the function returns
//   TRY(engine.events.start("http.asyncRequest",
//       [promise = std::move(promise)](Fiber& fiber) mutable -> EventLoop::Callback {
//         ... a fiber of its own: may park, no JavaScript ...
//         return [promise = std::move(promise)](JSContext* context) mutable {
//           return promise.resolve(...);                     // on the VU's fiber
//         };
//       }));
//
// and for one that says something again and again, like a WebSocket:
//
//   EventLoop::Operation open = engine.events.begin();       // the iteration waits for it
//   ... on any fiber of this loop ...
//   open.post([=](JSContext* context) { return call_handler(context, ...); });
//   open.end();                                              // or destroyed
//
// A runtime is entered on its VU's fiber only, so every callback runs there, one after the other,
// in the order of post(). A callback gives false when it leaves an exception pending: that ends the
// iteration with it. A blocking function that has handlers of its own (ws.connect) makes an
// EventLoop of its own and runs that one.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loop/fiber_group.h"
#include "script/js_value.h"

namespace brunt {

class Engine;

class EventLoop {
 public:
  using Callback = std::move_only_function<bool(JSContext*)>;  // false: an exception is pending.
  using Work = std::move_only_function<Callback(Fiber&)>;

  struct Limits {
    std::size_t timers_max =
        100'000;                      // Of a VU at once: a script that makes more has lost its way.
    std::size_t fibers_max = 10'000;  // The same for operations with a fiber.
    int rings_init_max = 10'000;      // Of timers in init code: it may not take for ever.
    Duration delay_min =
        std::chrono::milliseconds(1);  // So that a chain of timers lets others run.
  };

  // Something that has begun and not ended. Same thread only; the EventLoop must outlive it.
  class Operation {
   public:
    Operation() = default;
    Operation(Operation&& other) noexcept
        : events_(std::exchange(other.events_, nullptr)), round_(other.round_) {}
    Operation& operator=(Operation&& other) noexcept {
      std::swap(events_, other.events_);
      std::swap(round_, other.round_);
      return *this;
    }
    ~Operation() { end(); }

    // The callback runs soon, on the VU's fiber. Dropped where the iteration is over already.
    void post(Callback callback);
    void end();  // Nothing more will come of it. Twice is no harm.
    bool under_way() const;

    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

   private:
    friend class EventLoop;
    Operation(EventLoop& events, std::uint64_t round) : events_(&events), round_(round) {}
    EventLoop* events_ = nullptr;
    std::uint64_t round_ = 0;
  };

  explicit EventLoop(Engine& engine) : engine_(engine) {}
  ~EventLoop();  // REQUIRES: no fiber is left: run() or abandon() has returned.

  Operation begin();

  // `work` on a fiber of its own, cancelled when the iteration is broken off; then what it returned
  // on the VU's, which is dropped in that case. `name` is a literal. Errors: exhausted.
  Result<> start(const char* name, Work work);

  struct Timer {
    JSValueConst callback;
    std::vector<JSValue> arguments;  // Taken over.
    Duration delay{};
    bool repeats = false;
  };
  // Errors: exhausted (the arguments are let go).
  Result<std::uint32_t> add_timer(Timer timer);
  void clear_timer(std::uint32_t id);  // Of one that is not there: nothing.

  // Runs promises' jobs, callbacks and timers until nothing is left or `until` says that it is
  // enough. Parks. Errors: cancelled; malformed, with the script's exception.
  Result<> run(Fiber& self, const std::function<bool()>& until = {});
  // The same for init code, whose timers ring without a wait, in their order. Errors: malformed.
  Result<> run_init();
  // Breaks everything off and waits until its fibers have ended. Parks, also when cancelled.
  void abandon(Fiber& self);
  // Lets go of timers and callbacks; before the runtime ends.
  void clear();

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

 private:
  struct Due {
    Duration delay;
    bool repeats;
    JSValue callback;
    std::vector<JSValue> arguments;
  };
  using Timers = std::map<std::pair<Instant, std::uint32_t>, Due>;
  void post(Callback callback);
  void let_go(Due& timer);
  Instant now() const;
  Result<bool> run_one(Fiber& self);  // false: nothing is ready.
  Result<> run_timer(Timers::iterator timer);
  Result<> failed();

  Engine& engine_;
  Limits limits_;
  std::vector<Callback> ready_;
  std::size_t ready_next_ = 0;  // Those before it have run.
  Timers timers_;               // By when they are due, then by their making.
  std::unique_ptr<FiberGroup> fibers_;
  std::size_t operations_ = 0;
  std::uint64_t round_ = 0;  // Operations of an earlier one are over.
  std::uint32_t timer_id_ = 0;
  Instant init_now_{};  // In init code: when its last timer rang.
  Fiber* waiting_ = nullptr;
};

}  // namespace brunt
