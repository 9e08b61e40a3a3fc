// What stands for a service in a rehearsal that speaks another protocol than HTTP: it answers
// everything after a service time.
//
//   auto model = TRY(ServiceModel::listen(loop, {.at = at, .service_time = 10ms},
//   redis_answers())); model->serve(self);   // until cancelled
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/prng.h"
#include "loop/fiber_group.h"
#include "loop/loop.h"
#include "wire/frame.h"

namespace brunt {

// Of one connection: appends what is answered to these bytes, which may end anywhere. False: they
// are no requests.
using ModelAnswer = std::function<bool(ByteView bytes, std::string& answers)>;
// Makes one for each connection.
using ModelAnswers = std::function<ModelAnswer()>;

ModelAnswers frame_answers(const FrameLayout& layout);  // An ACK for each message.
ModelAnswers redis_answers();                           // OK to each command.

struct ServiceModelOptions {
  Endpoint at;
  Duration service_time{};  // Its mean; exponentially distributed.
  std::uint64_t seed = 1;
};

class ServiceModel {
 public:
  // Errors: what the loop says.
  static Result<std::unique_ptr<ServiceModel>> listen(Loop& loop,
                                                      const ServiceModelOptions& options,
                                                      ModelAnswers answers);

  // Parks until it is cancelled and every connection has ended.
  void serve(Fiber& self);

 private:
  ServiceModel(Loop& loop, const ServiceModelOptions& options, ModelAnswers answers)
      : loop_(loop),
        service_time_(options.service_time),
        chance_(options.seed),
        answers_(std::move(answers)) {}
  void talk(Fiber& self, Stream& stream);

  Loop& loop_;
  Duration service_time_;
  Prng chance_;
  ModelAnswers answers_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace brunt
