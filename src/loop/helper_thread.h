// A thread for what blocks (SQLite, files), with a queue: a fiber hands it work and parks until the
// answer is there.
//
//   HelperThread disk("disk");
//   const Result<Row> row = TRY(disk.call<Result<Row>>(self, [&] { return store.read(key); }));
//
// Work runs in the order it came. The caller's captures stay valid: call() never returns before the
// work is done, not even when `self` is cancelled.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "loop/loop.h"

namespace brunt {

class HelperThread {
 public:
  explicit HelperThread(std::string name);
  ~HelperThread();  // Finishes what is queued, then joins.

  // Fire and forget, from any thread.
  void submit(std::move_only_function<void()> work);

  // Parks until `work` has run on the helper.
  void run(Fiber& self, std::move_only_function<void()> work);

  template <typename T, typename Work>
  T call(Fiber& self, Work&& work) {
    std::unique_ptr<T> answer;
    run(self, [&] { answer = std::make_unique<T>(work()); });
    return std::move(*answer);
  }

  std::size_t queued() const;

  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
