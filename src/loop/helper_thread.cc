#include "loop/helper_thread.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "base/assert.h"
#include "loop/fiber_impl.h"
#include "loop/loop_impl.h"

namespace brunt {

struct HelperThread::State {
  using Work = std::move_only_function<void()>;

  void serve();

  mutable std::mutex mutex;
  std::condition_variable has_work;
  std::deque<Work> queue;
  bool is_ending = false;
  std::thread thread;
};

void HelperThread::State::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    has_work.wait(lock, [this] { return is_ending || !queue.empty(); });
    if (queue.empty()) return;
    Work work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // Its captures too are destroyed here, without the lock.
    lock.lock();
  }
}

HelperThread::HelperThread(std::string name) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
  constexpr std::size_t name_bytes_max = 15;  // The kernel's limit.
  pthread_setname_np(state_->thread.native_handle(), name.substr(0, name_bytes_max).c_str());
}

HelperThread::~HelperThread() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->has_work.notify_one();
  state_->thread.join();
}

void HelperThread::submit(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.push_back(std::move(work));
  }
  state_->has_work.notify_one();
}

void HelperThread::run(Fiber& self, std::move_only_function<void()> work) {
  FiberImpl& waiter = FiberImpl::of(self);
  LoopImpl& loop = waiter.owner;
  bool is_done = false;
  std::exception_ptr thrown;
  loop.work_went_out();
  submit([&] {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    // From here on the fiber may go on and end, with all that was captured by reference.
    loop.post([&] {
      is_done = true;
      waiter.notify();
    });
  });
  while (!is_done) waiter.wait_uninterruptibly("helper thread");
  loop.work_came_back();
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

std::size_t HelperThread::queued() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace brunt
