// What stands for a Redis in a rehearsal: it answers every command with OK after a service time.
#pragma once
#include <memory>

#include "base/prng.h"
#include "loop/fiber_group.h"
#include "loop/loop.h"

namespace brunt {

struct RedisModelOptions {
  Endpoint at;
  Duration service_time{};  // Its mean; exponentially distributed.
  std::uint64_t seed = 1;
};

class RedisModel {
 public:
  // Errors: what the loop says.
  static Result<std::unique_ptr<RedisModel>> listen(Loop& loop, const RedisModelOptions& options);

  // Parks until it is cancelled and every connection has ended.
  void serve(Fiber& self);

 private:
  RedisModel(Loop& loop, const RedisModelOptions& options)
      : loop_(loop), options_(options), chance_(options.seed) {}
  void talk(Fiber& self, Stream& stream);

  Loop& loop_;
  RedisModelOptions options_;
  Prng chance_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace brunt
