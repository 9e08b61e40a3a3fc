#include "loop/time_slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace brunt {
namespace {

constexpr std::uint64_t slice_ns = 100'000;         // The shortest there is.
constexpr std::uint64_t flag_reset_on_fork = 0x01;  // SCHED_FLAG_RESET_ON_FORK

// struct sched_attr, first version: Debian 12's headers have none for user space.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;
};

}  // namespace

bool ask_for_short_slices() {
  SchedulingAttributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return false;
  if (attributes.policy != SCHED_OTHER) return true;
  attributes.size = sizeof attributes;
  attributes.flags |= flag_reset_on_fork;
  attributes.runtime = slice_ns;
  return ::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

}  // namespace brunt
