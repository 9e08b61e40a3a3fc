#include "run/service_model.h"

#include "wire/resp.h"

namespace brunt {

ModelAnswers frame_answers(const FrameLayout& layout) {
  return [layout] {
    return [layout, decoder = FrameRequestDecoder(layout)](ByteView bytes,
                                                           std::string& answers) mutable {
      while (true) {
        const auto request = decoder.next(bytes);
        if (!request) return false;
        if (!*request) return true;
        if (!append_frame_ack(answers, layout, {(*request)->client_id, (*request)->message_id}))
          return false;
      }
    };
  };
}

ModelAnswers redis_answers() {
  return [] {
    // Commands are arrays as replies are.
    return [decoder = RespDecoder()](ByteView bytes, std::string& answers) mutable {
      while (true) {
        const auto command = decoder.next(bytes);
        if (!command) return false;
        if (!*command) return true;
        answers += "+OK\r\n";
      }
    };
  };
}

Result<std::unique_ptr<ServiceModel>> ServiceModel::listen(Loop& loop,
                                                           const ServiceModelOptions& options,
                                                           ModelAnswers answers) {
  // No make_unique: the constructor is private.
  std::unique_ptr<ServiceModel> model(new ServiceModel(loop, options, std::move(answers)));
  model->listener_ = TRY(loop.listen({.at = options.at}));
  return model;
}

void ServiceModel::serve(Fiber& self) {
  FiberGroup connections(loop_);
  while (auto stream = listener_->accept(self, far_future))
    if (!connections.spawn(
            "client", [this, accepted = std::move(*stream)](Fiber& own) { talk(own, *accepted); }))
      break;
  connections.cancel();
  (void)connections.join(self);
}

void ServiceModel::talk(Fiber& self, Stream& stream) {
  const ModelAnswer answer = answers_();
  std::string answers;
  while (true) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty()) return;
    answers.clear();
    if (!answer(*bytes, answers)) return;
    if (answers.empty()) continue;
    if (!self.sleep(from_seconds(chance_.exponential(seconds_of(service_time_))))) return;
    if (!stream.send(self, as_bytes(answers), far_future)) return;
  }
}

}  // namespace brunt
