#include "loop/context.h"

#include <cxxabi.h>

#include <boost/context/detail/fcontext.hpp>
#include <utility>

#include "base/assert.h"

#ifdef __SANITIZE_ADDRESS__
#define BRUNT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BRUNT_ASAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define BRUNT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BRUNT_TSAN 1
#endif
#endif

#ifdef BRUNT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef BRUNT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace brunt {

// What runs first on a new stack. A struct, so that FiberContext can name it a friend without
// Boost's types in its header.
struct FiberEntry {
  static void run(boost::context::detail::transfer_t transfer) {
    auto& fiber = *static_cast<FiberContext*>(transfer.data);
    fiber.main_->context = transfer.fctx;
#ifdef BRUNT_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &fiber.main_->stack_bottom, &fiber.main_->stack_bytes);
#endif
    fiber.entry_(fiber.argument_);
    ASSERT(false);  // The entry ends in finish().
  }
};

void MainContext::adopt_this_thread() {
  static_assert(sizeof(ExceptionState) == 2 * sizeof(void*));
  exceptions = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
#ifdef BRUNT_TSAN
  tsan_fiber = __tsan_get_current_fiber();
#endif
}

void FiberContext::prepare(std::byte* bottom, std::byte* top, Entry entry, void* argument) {
  entry_ = entry;
  argument_ = argument;
  bottom_ = bottom;
  bytes_ = static_cast<std::size_t>(top - bottom);
  exceptions_ = {};
  context_ = boost::context::detail::make_fcontext(top, bytes_, FiberEntry::run);
#ifdef BRUNT_ASAN
  // Frames of the stack's last user may have left their red zones behind.
  __asan_unpoison_memory_region(bottom_, bytes_);
#endif
#ifdef BRUNT_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

void FiberContext::resume(MainContext& main) {
  main_ = &main;
  const ExceptionState of_loop = std::exchange(*main.exceptions, exceptions_);
#ifdef BRUNT_ASAN
  __sanitizer_start_switch_fiber(&main.fake_stack, bottom_, bytes_);
#endif
#ifdef BRUNT_TSAN
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  const auto back = boost::context::detail::jump_fcontext(context_, this);
#ifdef BRUNT_ASAN
  __sanitizer_finish_switch_fiber(main.fake_stack, nullptr, nullptr);
#endif
  context_ = back.fctx;
  exceptions_ = std::exchange(*main.exceptions, of_loop);
}

void FiberContext::suspend() {
#ifdef BRUNT_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, main_->stack_bottom, main_->stack_bytes);
#endif
#ifdef BRUNT_TSAN
  __tsan_switch_to_fiber(main_->tsan_fiber, 0);
#endif
  const auto back = boost::context::detail::jump_fcontext(main_->context, nullptr);
  main_->context = back.fctx;
#ifdef BRUNT_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &main_->stack_bottom, &main_->stack_bytes);
#endif
}

void FiberContext::finish() {
#ifdef BRUNT_ASAN
  // No place to save the fake stack: it is freed.
  __sanitizer_start_switch_fiber(nullptr, main_->stack_bottom, main_->stack_bytes);
#endif
#ifdef BRUNT_TSAN
  __tsan_switch_to_fiber(main_->tsan_fiber, 0);
#endif
  boost::context::detail::jump_fcontext(main_->context, nullptr);
  ASSERT(false);  // Nobody resumes a fiber that has finished.
  std::unreachable();
}

void FiberContext::release() {
#ifdef BRUNT_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
  tsan_fiber_ = nullptr;
#endif
}

}  // namespace brunt
