// The message server of seed 004: clients send length-prefixed messages (wire/frame.h), each worker
// thread appends its clients' messages to segments of its own and acknowledges them, and one
// accumulator puts the segments into a single output file. `brunt serve messages` is this;
// docs/reference/messages.md is its manual.
//
//   auto region = TRY(MessagesRegion::create(1, options.threads));
//   auto store = TRY(MessagesStore::open(options, generation, region->accumulator()));
//   auto service = TRY(MessagesService::start(self, options, {.store = *store, .region =
//   *region})); print(service->endpoint());
//   ...
//   service->stop();
//   TRY(service->join(self));              // everything is in the output when it returns
//
// Every worker has a thread and a loop of its own; the caller's loop carries /metrics and the
// accumulator. A server of several processes is one MessagesService in each of them
// (service/messages/messages_processes.h). Real loops only.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "loop/loop.h"
#include "service/messages/messages_counters.h"
#include "service/messages/messages_options.h"
#include "service/messages/messages_store.h"

namespace brunt {

struct MessagesPart {
  MessagesStore& store;
  MessagesRegion& region;
  std::size_t process = 0;  // Process 0 accumulates and shows the metrics of all.
};

class MessagesService {
 public:
  using Warn = std::move_only_function<void(const std::string&)>;

  // Listens and serves in threads of its own. What `part` refers to must outlive it; `warn` is told
  // in words what is not as it should be, on the caller's loop. Errors: invalid options, those of
  // listening; then nothing is left running.
  static Result<std::unique_ptr<MessagesService>> start(Fiber& self, const MessagesOptions& options,
                                                        const MessagesPart& part, Warn warn);
  ~MessagesService();  // REQUIRES: join() has returned.

  Endpoint endpoint() const;
  std::optional<Endpoint> metrics_endpoint() const;  // Of process 0.
  std::uint32_t sessions_max() const;                // Of this process.

  // A process of the server has ended by itself: its segments are taken over.
  void adopt(Fiber& self, std::size_t process);

  // Asks for a graceful end: what came is stored and acknowledged, then all is accumulated. On the
  // caller's loop; does not park.
  void stop();

  // Parks until the workers have ended.
  void join_workers(Fiber& self);
  // Parks until everything has ended, and accumulates what is left. Errors: those of Folder; what
  // is left in segments then is found at the next start.
  Result<> join(Fiber& self);

  MessagesService(const MessagesService&) = delete;
  MessagesService& operator=(const MessagesService&) = delete;

 private:
  struct State;
  explicit MessagesService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
