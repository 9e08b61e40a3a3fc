#include "service/iot/iot_service.h"

#include <fmt/format.h>
#include <sys/random.h>

#include "base/assert.h"
#include "loop/fiber_group.h"
#include "server/loop_threads.h"
#include "service/iot/iot_loop.h"

namespace brunt {

struct IotService::State {
  State(Loop& its_loop, const IotOptions& options)
      : loop(its_loop), shared(options), fibers(its_loop) {}

  Result<> start_first(Fiber& self);
  Result<> start_others(Fiber& self);
  Result<> prepare(Fiber& fiber, std::size_t index);
  void run_other(Fiber& fiber, std::size_t index);
  void stop_others();

  Loop& loop;
  IotShared shared;
  std::vector<std::unique_ptr<IotStore>> stores;  // One, or one for each loop.
  Endpoint endpoint;
  FiberGroup fibers;  // Of the caller's loop.
  LoopThreads threads;

  // How the start of the other threads goes; touched on the caller's loop only.
  std::size_t ready = 0;
  std::optional<Error> failure;
  Fiber* starter = nullptr;
  // Where each of the others waits for the word to begin. Written by its own thread before it says
  // that it is ready.
  std::vector<Fiber*> others;
  bool stopping = false;
};

namespace {

std::uint64_t seed_from_kernel() {
  std::uint64_t seed = 1;
  // Cannot fail for so few bytes once the machine is up.
  ASSERT(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

HttpServerOptions server_options(const IotOptions& options, const Endpoint& at) {
  return {.at = at, .reuse_port = options.threads > 1, .tls = options.tls, .limits = options.http};
}

}  // namespace

Result<> IotService::State::start_first(Fiber& self) {
  stores.resize(shared.options.threads);
  stores[0] = TRY(open_iot_store(self, shared.options.store));
  TRY(stores[0]->each_device(self, [this](const Uuid& id) { return shared.devices.add(id); }));
  shared.loops.resize(shared.options.threads);
  shared.loops[0] = TRY(IotLoop::create(loop, *stores[0], shared,
                                        server_options(shared.options, shared.options.listen),
                                        shared.options.seed));
  endpoint = shared.loops[0]->endpoint();
  shared.started = loop.wall();
  return {};
}

// On the thread of loop `index`.
Result<> IotService::State::prepare(Fiber& fiber, std::size_t index) {
  IotStore* store = stores[0].get();
  if (!store->shared_by_loops()) {
    stores[index] = TRY(open_iot_store(fiber, shared.options.store));
    store = stores[index].get();
  }
  shared.loops[index] =
      TRY(IotLoop::create(fiber.loop(), *store, shared, server_options(shared.options, endpoint),
                          shared.options.seed + index));
  return {};
}

void IotService::State::run_other(Fiber& fiber, std::size_t index) {
  auto prepared = prepare(fiber, index);
  others[index] = &fiber;
  const bool ok = prepared.has_value();
  loop.post([this, prepared = std::move(prepared)] {
    ++ready;
    if (!prepared) failure = prepared.error();
    if (starter != nullptr) starter->wake();
  });
  if (ok && fiber.park(far_future, "the other threads")) shared.loops[index]->run(fiber);
  // What belongs to this loop ends on its thread.
  stores[index].reset();
}

Result<> IotService::State::start_others(Fiber& self) {
  const std::size_t count = shared.options.threads - 1;
  if (count == 0) return {};
  others.resize(shared.options.threads);
  starter = &self;
  LoopThreadsOptions options{.count = count, .loop = {}};
  options.loop.backend = loop.backend();
  TRY(threads.start(options,
                    [this](Fiber& fiber, std::size_t index) { run_other(fiber, index + 1); }));
  while (ready < count)
    if (!self.park(far_future, "the service's threads")) break;
  starter = nullptr;
  if (self.cancelled()) return fail(ErrorCode::cancelled, "stopped while starting");
  if (failure) return std::unexpected(*failure);
  for (std::size_t index = 0; index < count; ++index)
    threads.loop(index).post([other = others[index + 1]] { other->wake(); });
  return {};
}

void IotService::State::stop_others() {
  for (std::size_t index = 0; index < threads.count(); ++index)
    threads.loop(index).post(
        [this, index] { shared.loops[index + 1]->stop(shared.options.drain_time); });
}

IotService::IotService(std::unique_ptr<State> state) : state_(std::move(state)) {}
IotService::~IotService() {
  ASSERT(state_->fibers.alive() == 0);
}

Result<std::unique_ptr<IotService>> IotService::start(Fiber& self, const IotOptions& options) {
  if (options.threads == 0) return fail(ErrorCode::invalid, "`threads` must be at least 1");
  if (options.threads > 1 && self.loop().backend() == BackendKind::simulated)
    return fail(ErrorCode::invalid, "the simulated network has one thread");
  auto state = std::make_unique<State>(self.loop(), options);
  if (options.seed == 0) state->shared.options.seed = seed_from_kernel();
  TRY(state->start_first(self));
  auto others = state->start_others(self);
  auto main_part = others ? state->fibers.spawn("iot service",
                                                [state = state.get()](Fiber& fiber) {
                                                  state->shared.loops[0]->run(fiber);
                                                  if (!state->stopping) state->stop_others();
                                                  state->stopping = true;
                                                })
                          : std::move(others);
  if (!main_part) {
    state->threads.stop();
    state->threads.join(self);
    return std::unexpected(std::move(main_part).error());
  }
  // make_unique cannot reach a private constructor.
  return std::unique_ptr<IotService>(new IotService(std::move(state)));
}

Endpoint IotService::endpoint() const {
  return state_->endpoint;
}

void IotService::stop() {
  if (std::exchange(state_->stopping, true)) return;
  state_->shared.loops[0]->stop(state_->shared.options.drain_time);
  state_->stop_others();
}

void IotService::join(Fiber& self) {
  if (!state_->fibers.join(self) && self.cancelled()) state_->threads.stop();
  state_->threads.join(self);
}

}  // namespace brunt
