// What stands for a message server in a rehearsal: it acknowledges everything after a service time.
#pragma once
#include <memory>

#include "base/prng.h"
#include "loop/fiber_group.h"
#include "loop/loop.h"
#include "wire/frame.h"

namespace brunt {

struct FrameModelOptions {
  Endpoint at;
  FrameLayout layout;
  Duration service_time{};  // Its mean; exponentially distributed.
  std::uint64_t seed = 1;
};

class FrameModel {
 public:
  // Errors: what the loop says.
  static Result<std::unique_ptr<FrameModel>> listen(Loop& loop, const FrameModelOptions& options);

  // Parks until it is cancelled and every connection has ended.
  void serve(Fiber& self);

 private:
  FrameModel(Loop& loop, const FrameModelOptions& options)
      : loop_(loop), options_(options), chance_(options.seed) {}
  void talk(Fiber& self, Stream& stream);

  Loop& loop_;
  FrameModelOptions options_;
  Prng chance_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace brunt
