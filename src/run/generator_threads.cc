#include "run/generator_threads.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "base/assert.h"
#include "loop/time_slice.h"

namespace brunt {

// One thread with its loop. Fields above the line belong to the worker's thread while it runs; the
// conductor talks to it through Loop::post only.
struct GeneratorThreads::Worker final : GeneratorSink {
  Worker(GeneratorThreads& owner_, std::uint32_t index_) : owner(owner_), index(index_) {}

  void second(GeneratorSecond second) override {
    // A shared box, because std::function's cousin in post() is move-only and so is what it
    // carries.
    owner.control_.post(
        [this, handed = std::move(second)]() mutable { owner.events_.second(std::move(handed)); });
  }
  void warned(std::string text) override {
    owner.control_.post(
        [this, text = std::move(text)]() mutable { owner.events_.warned(std::move(text)); });
  }

  void body(Fiber& self) {
    Generator& mine = *generator;
    auto ready = mine.prepare(self);
    const bool good = ready.has_value();
    report(owner.prepared_, std::move(ready));
    while (good && !start && !abandoned && !self.cancelled())
      (void)self.park(far_future, "the start");
    Result<> done;
    if (good) {
      // Prepared VUs end by running only: one that is not wanted any more runs for no time at all.
      if (!start) mine.stop(StopKind::now);
      done = mine.run(self, start.value_or(self.now()));
    }
    report(owner.ended_, std::move(done));
  }

  void report(std::size_t& counter, Result<> result) {
    owner.control_.post([this, &counter, result = std::move(result)]() mutable {
      ++counter;
      if (!result && owner.first_error_) owner.first_error_ = std::move(result);
      if (owner.waiter_ != nullptr) owner.waiter_->wake();
    });
  }

  GeneratorThreads& owner;
  std::uint32_t index;
  std::unique_ptr<Loop> loop;
  std::optional<Generator> generator;
  Fiber* fiber = nullptr;
  std::optional<Instant> start;
  bool abandoned = false;
  // -----------------------------------------------------------------
  std::thread thread;
};

GeneratorThreads::GeneratorThreads(Loop& control, const GeneratorSetup& setup,
                                   GeneratorEvents events, const GeneratorThreadsOptions& options)
    : control_(control), setup_(setup), events_(std::move(events)), options_(options) {}

GeneratorThreads::~GeneratorThreads() {
  for (auto& worker : workers_) ASSERT(!worker->thread.joinable());
}

Result<> GeneratorThreads::prepare(Fiber& self) {
  for (std::uint32_t i = 0; i < options_.threads; ++i) {
    auto worker = std::make_unique<Worker>(*this, i);
    worker->loop = TRY(Loop::create({.backend = options_.backend,
                                     .seed = options_.seed + i,
                                     .fibers_max = options_.fibers_max}));
    workers_.push_back(std::move(worker));
  }
  for (auto& worker : workers_) {
    Worker& mine = *worker;
    mine.generator.emplace(*mine.loop, setup_, mine.index, mine);
    mine.fiber = TRY(mine.loop->spawn("generator", [&mine](Fiber& fiber) {
      mine.body(fiber);
      mine.fiber = nullptr;
    }));
  }
  for (auto& worker : workers_)
    worker->thread = std::thread([&mine = *worker] {
      ask_for_short_slices();
      mine.loop->run();
    });
  waiter_ = &self;
  Result<> waited;
  while (prepared_ < workers_.size() && waited)
    waited = self.park(far_future, "generators to get ready");
  waiter_ = nullptr;
  TRY(std::move(waited));
  return first_error_;
}

Result<> GeneratorThreads::run(Fiber& self, Instant start) {
  for (auto& worker : workers_)
    worker->loop->post([&mine = *worker, start] {
      mine.start = start;
      if (mine.fiber != nullptr) mine.fiber->wake();
    });
  wait_for_ends(self);
  return first_error_;
}

void GeneratorThreads::abandon(Fiber& self) {
  for (auto& worker : workers_) {
    worker->loop->post([&mine = *worker] {
      mine.abandoned = true;
      if (mine.fiber != nullptr) mine.fiber->wake();
    });
    if (worker->thread.joinable()) worker->loop->stop();
  }
  wait_for_ends(self);
}

// What a worker posted is behind us when its end is: nothing of it calls back any more.
void GeneratorThreads::wait_for_ends(Fiber& self) {
  const auto running = static_cast<std::size_t>(std::ranges::count_if(
      workers_, [](const auto& worker) { return worker->thread.joinable(); }));
  waiter_ = &self;
  while (ended_ < running)
    if (!self.park(far_future, "generators to end")) {
      stop(StopKind::now);  // The conductor itself is cancelled: what was measured since is lost.
      break;
    }
  for (auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
  waiter_ = nullptr;
}

void GeneratorThreads::stop(StopKind kind) {
  for (auto& worker : workers_)
    worker->loop->post([&mine = *worker, kind] { mine.generator->stop(kind); });
}

void GeneratorThreads::steer(const SteeringOrder& order) {
  for (auto& worker : workers_)
    worker->loop->post([&mine = *worker, order] { mine.generator->steer(order); });
}

BackendKind GeneratorThreads::backend() const {
  return workers_.front()->loop->backend();
}

void GeneratorThreads::recycle(std::uint32_t generator, Snapshot snapshot) {
  Worker& worker = *workers_[generator];
  worker.loop->post([&worker, returned = std::move(snapshot)]() mutable {
    worker.generator->recycle(std::move(returned));
  });
}

}  // namespace brunt
