#include "run/frame_model.h"

#include <string>

namespace brunt {

Result<std::unique_ptr<FrameModel>> FrameModel::listen(Loop& loop,
                                                       const FrameModelOptions& options) {
  // No make_unique: the constructor is private.
  std::unique_ptr<FrameModel> model(new FrameModel(loop, options));
  model->listener_ = TRY(loop.listen({.at = options.at}));
  return model;
}

void FrameModel::serve(Fiber& self) {
  FiberGroup connections(loop_);
  while (auto stream = listener_->accept(self, far_future))
    if (!connections.spawn(
            "client", [this, accepted = std::move(*stream)](Fiber& own) { talk(own, *accepted); }))
      break;
  connections.cancel();
  (void)connections.join(self);
}

void FrameModel::talk(Fiber& self, Stream& stream) {
  FrameRequestDecoder decoder(options_.layout);
  std::string acks;
  while (true) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty()) return;
    acks.clear();
    for (ByteView input = *bytes;;) {
      const auto request = decoder.next(input);
      if (!request) return;
      if (!*request) break;
      if (!append_frame_ack(acks, options_.layout, {(*request)->client_id, (*request)->message_id}))
        return;
    }
    if (acks.empty()) continue;
    if (!self.sleep(from_seconds(chance_.exponential(seconds_of(options_.service_time))))) return;
    if (!stream.send(self, as_bytes(acks), far_future)) return;
  }
}

}  // namespace brunt
