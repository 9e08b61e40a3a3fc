#include "loop/mailbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace brunt {

Result<std::unique_ptr<Mailbox>> Mailbox::open() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) return std::unexpected(errno_error("eventfd", errno));
  return std::unique_ptr<Mailbox>(new Mailbox(descriptor));  // Its constructor is private.
}

Mailbox::~Mailbox() {
  close(descriptor_);
}

void Mailbox::post(Work work) {
  // The descriptor is written under the lock: so ~Mailbox, on a loop that has seen the work, cannot
  // have closed it before.
  const std::lock_guard lock(mutex_);
  mail_.push_back(std::move(work));
  if (mail_.size() > 1) return;
  has_mail_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  const ssize_t written = write(descriptor_, &one, sizeof one);
  ASSERT(written == sizeof one);  // Only fails at 2^64 - 1 unread letters.
}

void Mailbox::run_all() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(mail_, running_);
    has_mail_.store(false, std::memory_order_release);
  }
  for (Work& work : running_) work();
  running_.clear();
}

void Mailbox::acknowledge() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t bytes = read(descriptor_, &count, sizeof count);
}

void Mailbox::wait() {
  while (!has_mail()) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    poll(&waiting, 1, -1);
    acknowledge();
  }
}

}  // namespace brunt
