#include "service/messages/messages_service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.h"
#include "loop/fiber_group.h"
#include "loop/helper_thread.h"
#include "net/limits.h"
#include "net/port_reservation.h"
#include "server/http_server.h"
#include "server/loop_threads.h"
#include "service/messages/messages_loop.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Beyond the sessions: what each worker's loop and segment need, and the process itself.
constexpr std::uint64_t descriptors_of_process = 64, descriptors_of_worker = 16;

constexpr Duration warning_pause = 10s;

// So many segments at once, and the accumulator comes again soon: pages that were just written are
// still in the processor's cache, and those of removed segments are used again instead of others
// that nothing has touched yet.
constexpr std::size_t segments_of_busy = 2;
constexpr Duration busy_pause = 50ms;

// The accumulator's work can wait, that of the clients' threads cannot. With 10 it still gets a
// tenth of a processor that is full.
constexpr int accumulator_nice = 10;

}  // namespace

struct MessagesService::State {
  State(Loop& its_loop, const MessagesOptions& its_options, const MessagesPart& its_part,
        Warn its_warn)
      : loop(its_loop),
        options(its_options),
        part(its_part),
        warn(std::move(its_warn)),
        disk("messages accumulator"),
        fibers(its_loop) {}

  Result<> prepare();
  Result<> start_workers(Fiber& self);
  void run_worker(Fiber& fiber, std::size_t index);
  Result<> start_metrics();
  void accumulate_for_ever(Fiber& fiber);
  Result<std::size_t> accumulate(Fiber& fiber);
  void tell_warnings();

  Loop& loop;
  MessagesOptions options;
  MessagesPart part;
  Warn warn;
  HelperThread disk;
  FiberGroup fibers;  // Of the caller's loop.
  LoopThreads threads;
  Endpoint endpoint;
  std::uint32_t sessions_max = 0;
  WallTime started;
  std::unique_ptr<HttpServer> metrics;
  Fiber* accumulating = nullptr;
  std::optional<Error> accumulator_error;
  Instant next_warning{};
  bool stopping = false;

  // How the workers' start goes; touched on the caller's loop only.
  std::size_t ready = 0;
  std::optional<Error> failure;
  Fiber* starter = nullptr;
  // Each written by its own thread before it says that it is ready.
  struct Worker {
    std::optional<SegmentWriter> writer;
    std::unique_ptr<MessagesLoop> loop;
    Fiber* fiber = nullptr;
  };
  std::vector<Worker> workers;
};

Result<> MessagesService::State::prepare() {
  const std::uint64_t descriptors = TRY(raise_descriptor_limit());
  const std::uint64_t own = descriptors_of_process + descriptors_of_worker * options.threads;
  const std::uint64_t room = descriptors > own ? descriptors - own : 1;
  sessions_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(room, 4'000'000));
  if (options.limits.sessions_max > 0)
    sessions_max = std::min(sessions_max, options.limits.sessions_max);
  const std::uint32_t somaxconn = read_machine_limits().somaxconn;
  if (part.process == 0 && static_cast<std::uint32_t>(options.backlog) > somaxconn)
    warn(fmt::format("a backlog of {} is cut to {} by the kernel: sysctl -w net.core.somaxconn={}",
                     options.backlog, somaxconn, options.backlog));
  started = loop.wall();
  return {};
}

void MessagesService::State::run_worker(Fiber& fiber, std::size_t index) {
  Worker& worker = workers[index];
  worker.writer.emplace(part.store.writer(part.process, index));
  worker.fiber = &fiber;
  auto made = MessagesLoop::create(fiber.loop(), endpoint,
                                   {.options = options,
                                    .writer = *worker.writer,
                                    .counters = part.region.counters(part.process, index),
                                    .sessions = part.region.sessions(part.process),
                                    .sessions_max = sessions_max});
  const bool ok = made.has_value();
  if (ok) worker.loop = std::move(*made);
  loop.post([this, error = ok ? std::nullopt : std::optional(made.error())] {
    ++ready;
    if (error) failure = error;
    if (starter != nullptr) starter->wake();
  });
  if (ok && fiber.park(far_future, "the other workers")) worker.loop->run(fiber);
  // What belongs to this loop ends on its thread.
  worker.loop.reset();
  worker.writer.reset();
}

Result<> MessagesService::State::start_workers(Fiber& self) {
  // The other processes find the port reserved, and known.
  std::optional<PortReservation> reservation;
  if (part.region.processes() == 1) reservation = TRY(PortReservation::take(options.listen));
  endpoint = reservation ? reservation->endpoint() : options.listen;
  workers.resize(options.threads);
  starter = &self;
  LoopThreadsOptions threads_options{.count = options.threads, .loop = {}};
  threads_options.loop.backend = options.backend;
  TRY(threads.start(threads_options,
                    [this](Fiber& fiber, std::size_t index) { run_worker(fiber, index); }));
  while (ready < options.threads)
    if (!self.park(far_future, "the server's workers")) break;
  starter = nullptr;
  if (self.cancelled()) return fail(ErrorCode::cancelled, "stopped while starting");
  if (failure) return std::unexpected(*failure);
  for (std::size_t index = 0; index < options.threads; ++index)
    threads.loop(index).post([fiber = workers[index].fiber] { fiber->wake(); });
  return {};
}

Result<> MessagesService::State::start_metrics() {
  const auto answer = [this](Fiber&, const HttpRequestView& request, HttpResponseWriter& response) {
    if (request.path() == "/metrics") {
      response.set_content_type("text/plain; version=0.0.4; charset=utf-8");
      response.body() += render_messages_metrics(part.region, started);
    } else if (request.path() == "/health") {
      std::uint64_t refusing = accumulator_error ? 1 : 0;
      for (std::size_t process = 0; process < part.region.processes(); ++process)
        for (std::size_t thread = 0; thread < part.region.threads(); ++thread)
          refusing += part.region.counters(process, thread).refusing.get();
      response.set_content_type("application/json");
      if (refusing > 0) response.set_status(503);
      response.body() += refusing > 0 ? R"({"status":"the disk refuses"})" : R"({"status":"ok"})";
    } else {
      response.set_status(404);
      response.set_content_type("application/json");
      response.body() += R"({"error":"there are /metrics and /health"})";
    }
  };
  metrics = TRY(HttpServer::listen(loop, {.at = options.metrics, .tls = {}}, answer));
  return fibers.spawn("messages metrics", [this](Fiber& fiber) { metrics->serve(fiber); });
}

Result<std::size_t> MessagesService::State::accumulate(Fiber& fiber) {
  auto done = disk.call<Result<std::size_t>>(
      fiber, [this] { return part.store.accumulator().accumulate(); });
  accumulator_error = done ? std::nullopt : std::optional(done.error());
  tell_warnings();
  return done;
}

void MessagesService::State::tell_warnings() {
  for (const std::string& text : part.store.accumulator().take_warnings()) warn(text);
  if (!accumulator_error || loop.now() < next_warning) return;
  next_warning = loop.now() + warning_pause;
  warn(accumulator_error->text + "; the messages stay in their segments meanwhile");
}

void MessagesService::State::accumulate_for_ever(Fiber& fiber) {
  accumulating = &fiber;
  // Of this thread alone, on Linux.
  static_cast<void>(disk.call<int>(fiber, [] { return ::nice(accumulator_nice); }));
  tell_warnings();
  Duration pause = options.accumulate_every;
  while (!stopping) {
    if (!fiber.park(fiber.now() + pause, "the next accumulation") && fiber.cancelled()) break;
    if (stopping) break;
    const auto segments = accumulate(fiber);
    const bool is_busy = segments && *segments >= segments_of_busy;
    pause = is_busy ? std::min(busy_pause, options.accumulate_every) : options.accumulate_every;
  }
  accumulating = nullptr;
}

MessagesService::MessagesService(std::unique_ptr<State> state) : state_(std::move(state)) {}
MessagesService::~MessagesService() {
  ASSERT(state_->fibers.alive() == 0);
}

Result<std::unique_ptr<MessagesService>> MessagesService::start(Fiber& self,
                                                                const MessagesOptions& options,
                                                                const MessagesPart& part,
                                                                Warn warn) {
  TRY(check_messages_options(options));
  if (self.loop().backend() == BackendKind::simulated)
    return fail(ErrorCode::invalid, "the message server needs threads, which are not simulated");
  auto its_state = std::make_unique<State>(self.loop(), options, part, std::move(warn));
  // make_unique cannot reach a private constructor.
  auto service = std::unique_ptr<MessagesService>(new MessagesService(std::move(its_state)));
  State& state = *service->state_;
  TRY(state.prepare());
  auto started = state.start_workers(self);
  if (started && part.process == 0) {
    started = state.start_metrics();
    if (started)
      started = state.fibers.spawn("accumulate",
                                   [&state](Fiber& fiber) { state.accumulate_for_ever(fiber); });
  }
  if (!started) {
    service->stop();
    state.threads.stop();
    static_cast<void>(service->join(self));
    return std::unexpected(std::move(started).error());
  }
  part.region.ready_processes().fetch_add(1);
  return service;
}

Endpoint MessagesService::endpoint() const {
  return state_->endpoint;
}
std::optional<Endpoint> MessagesService::metrics_endpoint() const {
  return state_->metrics ? std::optional(state_->metrics->endpoint()) : std::nullopt;
}
std::uint32_t MessagesService::sessions_max() const {
  return state_->sessions_max;
}

void MessagesService::adopt(Fiber& self, std::size_t process) {
  State& state = *state_;
  MessagesStore& store = state.part.store;
  const auto adopted = state.disk.call<Result<std::size_t>>(self, [&] {
    return store.accumulator().adopt(store.generation(), static_cast<std::uint16_t>(process));
  });
  if (!adopted) state.warn(adopted.error().text);
  state.tell_warnings();
}

void MessagesService::stop() {
  State& state = *state_;
  if (std::exchange(state.stopping, true)) return;
  for (std::size_t index = 0; index < state.threads.count(); ++index)
    state.threads.loop(index).post([&state, index] {
      if (state.workers[index].loop) state.workers[index].loop->stop(state.options.drain_time);
    });
  if (state.accumulating != nullptr) state.accumulating->wake();
  if (state.metrics) state.metrics->stop(1s);
}

void MessagesService::join_workers(Fiber& self) {
  state_->threads.join(self);
}

Result<> MessagesService::join(Fiber& self) {
  State& state = *state_;
  if (self.cancelled()) state.threads.stop();
  state.threads.join(self);
  static_cast<void>(state.fibers.join(self));
  if (state.part.process != 0) return {};
  return state.disk.call<Result<>>(self, [&state]() -> Result<> {
    static_cast<void>(TRY(state.part.store.accumulator().accumulate()));
    return {};
  });
}

}  // namespace brunt
