// Work that other threads put before a loop, with an eventfd that makes the loop look.
//
// For this layer only.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"

namespace brunt {

class Mailbox {
 public:
  using Work = std::move_only_function<void()>;

  // Errors: exhausted (descriptors).
  static Result<std::unique_ptr<Mailbox>> open();
  ~Mailbox();

  void post(Work work);                                                        // Any thread.
  bool has_mail() const { return has_mail_.load(std::memory_order_acquire); }  // Any thread.

  // The loop's thread from here on.
  void run_all();  // Runs what is there, in the order it came.
  int descriptor() const { return descriptor_; }
  void acknowledge();  // Reads the descriptor empty.
  void wait();         // Blocks the thread until there is mail: for the simulated backend.

  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

 private:
  explicit Mailbox(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::atomic<bool> has_mail_ = false;
  std::mutex mutex_;
  std::vector<Work> mail_;     // Under mutex_.
  std::vector<Work> running_;  // The loop's: kept for its capacity.
};

}  // namespace brunt
