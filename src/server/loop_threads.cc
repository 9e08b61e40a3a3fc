#include "server/loop_threads.h"

#include <fmt/format.h>

#include <memory>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "loop/helper_thread.h"

namespace brunt {

struct LoopThreads::State {
  Body body;
  bool given_up = false;  // Set before the threads start.
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;

  void join_all() {
    for (std::thread& thread : threads)
      if (thread.joinable()) thread.join();
  }
};

LoopThreads::LoopThreads() : state_(std::make_unique<State>()) {}

LoopThreads::~LoopThreads() {
  stop();
  state_->join_all();
}

Result<> LoopThreads::start(const LoopThreadsOptions& options, Body body) {
  ASSERT(state_->loops.empty());
  state_->body = std::move(body);
  Result<> outcome;
  for (std::size_t index = 0; index < options.count && outcome; ++index) {
    LoopOptions loop_options = options.loop;
    loop_options.seed += 1 + index;
    auto loop = Loop::create(loop_options);
    if (loop) {
      auto spawned =
          (*loop)->spawn("main of a thread", [state = state_.get(), index](Fiber& fiber) {
            if (!state->given_up) state->body(fiber, index);
          });
      if (spawned) {
        state_->loops.push_back(std::move(*loop));
      } else {
        outcome = std::unexpected(std::move(spawned).error());
      }
    } else {
      outcome = std::unexpected(std::move(loop).error());
    }
  }
  state_->given_up = !outcome;  // The loops that are there still have to run their fiber's end.
  for (const auto& loop : state_->loops)
    state_->threads.emplace_back([&its_loop = *loop] { its_loop.run(); });
  if (outcome) return {};
  state_->join_all();
  state_->threads.clear();
  state_->loops.clear();
  return outcome;
}

void LoopThreads::stop() {
  for (const auto& loop : state_->loops) loop->stop();
}

void LoopThreads::join(Fiber& self) {
  if (state_->threads.empty()) return;
  // A helper's work is waited for also by a cancelled fiber.
  HelperThread joiner("join");
  joiner.run(self, [this] { state_->join_all(); });
  state_->threads.clear();
}

std::size_t LoopThreads::count() const {
  return state_->loops.size();
}
Loop& LoopThreads::loop(std::size_t index) const {
  return *state_->loops.at(index);
}

}  // namespace brunt
