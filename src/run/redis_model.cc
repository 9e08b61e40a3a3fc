#include "run/redis_model.h"

#include <string>

#include "wire/resp.h"

namespace brunt {

Result<std::unique_ptr<RedisModel>> RedisModel::listen(Loop& loop,
                                                       const RedisModelOptions& options) {
  // No make_unique: the constructor is private.
  std::unique_ptr<RedisModel> model(new RedisModel(loop, options));
  model->listener_ = TRY(loop.listen({.at = options.at}));
  return model;
}

void RedisModel::serve(Fiber& self) {
  FiberGroup connections(loop_);
  while (auto stream = listener_->accept(self, far_future))
    if (!connections.spawn(
            "client", [this, accepted = std::move(*stream)](Fiber& own) { talk(own, *accepted); }))
      break;
  connections.cancel();
  (void)connections.join(self);
}

void RedisModel::talk(Fiber& self, Stream& stream) {
  RespDecoder decoder;  // Commands are arrays as replies are.
  std::string replies;
  while (true) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty()) return;
    replies.clear();
    for (ByteView input = *bytes;;) {
      const auto command = decoder.next(input);
      if (!command) return;
      if (!*command) break;
      replies += "+OK\r\n";
    }
    if (replies.empty()) continue;
    if (!self.sleep(from_seconds(chance_.exponential(seconds_of(options_.service_time))))) return;
    if (!stream.send(self, as_bytes(replies), far_future)) return;
  }
}

}  // namespace brunt
