#include "run/generator_processes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "loop/fiber_group.h"
#include "net/source_addresses.h"
#include "run/generator_threads.h"
#include "run/network_options.h"
#include "run/shared_counters.h"

namespace brunt {
namespace {

Json list_of(std::span<const std::string> texts) {
  Json json{Json::Array()};
  for (const std::string& text : texts) json.push(Json(text));
  return json;
}

std::vector<std::string> texts_of(const Json* list) {
  std::vector<std::string> texts;
  if (list != nullptr && list->is_array())
    for (const Json& text : list->array()) texts.push_back(text.text());
  return texts;
}

// "" where there is none.
std::string text_of(const Json& head, std::string_view name) {
  const Json* text = head.find(name);
  return text != nullptr ? text->text() : std::string();
}

bool flag_of(const Json& head, std::string_view name) {
  const Json* flag = head.find(name);
  return flag != nullptr && flag->is_bool() && flag->boolean();
}

std::int64_t number_of(const Json& head, std::string_view name) {
  const Json* number = head.find(name);
  return number != nullptr && number->is_integer() ? number->integer() : 0;
}

Frame plain(FrameKind kind) {
  return {.kind = kind, .head = Json(Json::Object())};
}

}  // namespace

struct GeneratorProcesses::Child {
  std::uint32_t index = 0;
  std::unique_ptr<Subprocess> process;
  std::unique_ptr<FrameChannel> channel;
  bool ended = false;
};

GeneratorProcesses::GeneratorProcesses(Loop& control, const GeneratorSetup& setup,
                                       GeneratorEvents events, GeneratorProcessesOptions options)
    : control_(control), setup_(setup), events_(std::move(events)), options_(std::move(options)) {}

GeneratorProcesses::~GeneratorProcesses() = default;

Frame GeneratorProcesses::setup_frame(std::uint32_t index) const {
  Frame frame = plain(FrameKind::setup);
  frame.head.set("index", std::int64_t{index});
  frame.head.set("processes", std::int64_t{options_.processes});
  frame.head.set("members", list_of(setup_.members));
  frame.head.set("segment", setup_.segment_text.bounds);
  frame.head.set("segment_sequence", setup_.segment_text.sequence);
  frame.head.set("seed", static_cast<std::int64_t>(setup_.seed));
  frame.head.set("allow", list_of(setup_.allow_rules));
  frame.head.set("script_data", list_of(setup_.script_data));
  frame.head.set("tap", setup_.tap == SampleTap::on);
  frame.head.set("backend", name_of(options_.backend));
  Json redirections{Json::Array()};
  for (const Redirection& rule : setup_.redirections) {
    Json one;
    one.push(Json(rule.from_host));
    one.push(Json(std::int64_t{rule.from_port}));
    one.push(Json(rule.to_host));
    one.push(Json(std::int64_t{rule.to_port}));
    redirections.push(std::move(one));
  }
  frame.head.set("redirections", std::move(redirections));
  Json addresses{Json::Array()};
  for (const Endpoint& address : setup_.local_ips) addresses.push(Json(address.ip()));
  frame.head.set("local_ips", std::move(addresses));
  return frame;
}

Result<> GeneratorProcesses::prepare(Fiber& self) {
  const std::string socket = (options_.folder / "generators.sock").string();
  const Endpoint at = TRY(Endpoint::parse("unix:" + socket));
  auto listener = TRY(control_.listen({.at = at}));
  for (std::uint32_t i = 0; i < options_.processes; ++i) TRY(start_child(self, *listener, i));
  for (auto& child : children_) {
    const Frame ready = TRY(child->channel->receive(self));
    const Json* error = ready.head.find("error");
    if (error != nullptr && !error->is_null())
      return fail(ErrorCode::io,
                  fmt::format("generator process {}: {}", child->index + 1, error->text()));
    if (const Json* backend = ready.head.find("backend"))
      backend_ = TRY(parse_backend(backend->text()));
  }
  return {};
}

Result<> GeneratorProcesses::start_child(Fiber& self, Listener& listener, std::uint32_t index) {
  auto child = std::make_unique<Child>();
  child->index = index;
  ProcessOptions process{
      .argv = {options_.program.string(), "generator", "--socket", listener.local().ip()}};
  process.argv.insert(process.argv.end(), options_.arguments.begin(), options_.arguments.end());
  process.output = ProcessOutput::log_file;
  process.log = options_.folder / fmt::format("generator-{}.log", index + 1);
  child->process = TRY(Subprocess::start(control_, process));
  auto stream = listener.accept(self, self.now() + std::chrono::seconds(30));
  if (!stream) {
    const auto log = read_file(process.log);
    return fail(stream.error().code, fmt::format("generator process {} did not report: {} {}",
                                                 index + 1, stream.error().text, log ? *log : ""));
  }
  child->channel = std::make_unique<FrameChannel>(std::move(*stream));
  TRY(child->channel->send(self, setup_frame(index)));
  children_.push_back(std::move(child));
  return {};
}

Result<> GeneratorProcesses::listen_to(Fiber& self, Child& child) {
  for (;;) {
    auto frame = child.channel->receive(self);
    if (!frame) {
      // Its socket closes a moment before its exit can be seen.
      const auto status = child.process->wait(self, self.now() + std::chrono::seconds(2));
      return fail(
          ErrorCode::io,
          fmt::format("generator process {} {}: what it measured since its last second is lost",
                      child.index + 1, status ? status->text() : frame.error().text));
    }
    if (frame->kind == FrameKind::second) {
      GeneratorSecond second = TRY(second_of(*frame));
      second.generator = child.index;
      events_.second(std::move(second));
    } else if (frame->kind == FrameKind::warned) {
      events_.warned(text_of(frame->head, "text"));
    } else if (frame->kind == FrameKind::ended) {
      child.ended = true;
      const Json* error = frame->head.find("error");
      if (error == nullptr || error->is_null()) return {};
      return fail(ErrorCode::io, error->text());
    }
  }
}

Result<> GeneratorProcesses::run(Fiber& self, Instant start) {
  running_ = true;
  Result<> first_error;
  FiberGroup readers(control_);
  for (auto& child : children_) {
    Frame go = plain(FrameKind::start);
    go.head.set("at", start.time_since_epoch().count());
    TRY(child->channel->send(self, go));
    if (first_order_) TRY(child->channel->send(self, *first_order_));
    TRY(readers.spawn("generator process", [this, &child = *child, &first_error](Fiber& fiber) {
      auto heard = listen_to(fiber, child);
      if (!heard && !child.ended) {
        GeneratorSecond gone{.generator = child.index, .last = true};
        gone.snapshot.second = 0;
        events_.second(std::move(gone));  // So that nobody waits for its seconds.
      }
      if (!heard && first_error) first_error = std::move(heard);
    }));
  }
  TRY(readers.join(self));
  for (auto& child : children_) (void)child->process->stop(self, {});
  return first_error;
}

void GeneratorProcesses::abandon(Fiber& self) {
  for (auto& child : children_)
    (void)child->process->stop(self, {.signal = SIGKILL, .grace = Duration{}});
}

void GeneratorProcesses::steer(const SteeringOrder& order) {
  Frame frame = frame_of(order);
  if (!running_) {
    first_order_ = std::move(frame);
    return;
  }
  for (auto& child : children_) send_order(*child, frame);
}

void GeneratorProcesses::stop(StopKind kind) {
  for (auto& child : children_) {
    // While it prepares it hears nothing, and has measured nothing that could be lost.
    if (!running_) {
      (void)child->process->send_signal(SIGKILL);
      continue;
    }
    Frame frame = plain(FrameKind::stop);
    frame.head.set("now", kind == StopKind::now);
    send_order(*child, std::move(frame));
  }
}

// Sending may park, and this may not: a fiber of its own does it. The channel outlives it, as run()
// waits for `ended`.
void GeneratorProcesses::send_order(Child& child, Frame order) {
  auto spawned = control_.spawn("order to a generator process",
                                [&child, order = std::move(order)](Fiber& fiber) {
                                  (void)child.channel->send(fiber, order);
                                });
  if (!spawned) (void)child.process->send_signal(SIGKILL);
}

namespace {

// A generator process's own life.
class Servant {
 public:
  Servant(Loop& loop, const Plan& plan, std::unique_ptr<Stream> stream)
      : loop_(loop), plan_(plan), channel_(std::move(stream)) {}

  Result<> serve(Fiber& self);

 private:
  Result<> make_setup(const Json& head);
  void push(Frame frame);
  void send_all(Fiber& self);

  Loop& loop_;
  const Plan& plan_;
  FrameChannel channel_;
  MetricRegistry registry_;
  std::vector<std::string> members_;
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<GeneratorSetup> setup_;
  BackendKind backend_ = BackendKind::automatic;
  std::vector<Frame> outgoing_;
  Fiber* sender_ = nullptr;
  bool closing_ = false;
};

Result<> Servant::make_setup(const Json& head) {
  const auto number = [&](std::string_view name) {
    return static_cast<std::uint64_t>(number_of(head, name));
  };
  members_ = texts_of(head.find("members"));
  const std::uint64_t index = number("index");
  const std::uint64_t processes = std::max<std::uint64_t>(number("processes"), 1);
  setup_ = std::make_unique<GeneratorSetup>(
      GeneratorSetup{.plan = plan_, .members = members_, .registry = registry_});
  setup_->allow_rules = texts_of(head.find("allow"));
  setup_->allow = TRY(AllowList::parse(allow_rules_of(plan_, setup_->allow_rules)));
  setup_->step_errors = TRY(register_metrics(plan_, registry_));
  setup_->script_data = texts_of(head.find("script_data"));
  const Segment whole =
      TRY(Segment::parse(text_of(head, "segment"), text_of(head, "segment_sequence")));
  setup_->segment = whole.part(index, processes);
  setup_->seed = number("seed");
  setup_->first_thread = static_cast<std::uint32_t>(index * setup_->threads);
  setup_->loopback_first = share_of_sources(index, processes);
  if (flag_of(head, "tap")) setup_->tap = SampleTap::on;
  if (const Json* rules = head.find("redirections"))
    for (const Json& rule : rules->array())
      setup_->redirections.push_back(
          {.from_host = rule.array()[0].string(),
           .from_port = static_cast<std::uint16_t>(rule.array()[1].integer()),
           .to_host = rule.array()[2].string(),
           .to_port = static_cast<std::uint16_t>(rule.array()[3].integer())});
  for (const std::string& address : texts_of(head.find("local_ips")))
    setup_->local_ips.push_back(TRY(Endpoint::from_ip(address, 0)));
  if (const Json* backend = head.find("backend")) backend_ = TRY(parse_backend(backend->text()));
  counters_ = std::make_unique<SharedCounters>(plan_, setup_->segment, setup_->threads);
  counters_->lend(*setup_);
  return {};
}

void Servant::push(Frame frame) {
  outgoing_.push_back(std::move(frame));
  if (sender_ != nullptr) sender_->wake();
}

void Servant::send_all(Fiber& self) {
  sender_ = &self;
  while (!outgoing_.empty() || !closing_) {
    if (outgoing_.empty()) {
      if (!self.park(far_future, "seconds to send")) break;
      continue;
    }
    const auto frames = std::exchange(outgoing_, {});
    for (const Frame& frame : frames)
      if (!channel_.send(self, frame)) return;
  }
  sender_ = nullptr;
}

Result<> Servant::serve(Fiber& self) {
  const Frame setup = TRY(channel_.receive(self));
  auto made = make_setup(setup.head);
  GeneratorThreads threads(loop_, *setup_,
                           {.second = [this](GeneratorSecond second) { push(frame_of(second)); },
                            .warned =
                                [this](const std::string& text) {
                                  Frame frame = plain(FrameKind::warned);
                                  frame.head.set("text", text);
                                  push(std::move(frame));
                                }},
                           {.backend = backend_, .seed = setup_->seed, .threads = 1});
  if (made) made = threads.prepare(self);
  Frame ready = plain(FrameKind::ready);
  if (made) {
    ready.head.set("backend", name_of(threads.backend()));
  } else {
    ready.head.set("error", made.error().text);
  }
  auto told = channel_.send(self, ready);
  if (!told && made) made = std::move(told);
  auto go = made ? channel_.receive(self) : Result<Frame>(std::unexpected(made.error()));
  if (go && go->kind != FrameKind::start)
    go = fail(ErrorCode::cancelled, "stopped before the start");
  if (!go) {
    threads.abandon(self);
    return std::unexpected(std::move(go).error());
  }
  FiberGroup companions(loop_);
  TRY(companions.spawn("sender", [this](Fiber& fiber) { send_all(fiber); }));
  FiberGroup orders(loop_);
  TRY(orders.spawn("orders", [this, &threads](Fiber& fiber) {
    while (auto order = channel_.receive(fiber)) {
      if (order->kind == FrameKind::stop)
        threads.stop(flag_of(order->head, "now") ? StopKind::now : StopKind::gracefully);
      if (order->kind == FrameKind::steer) threads.steer(steering_of(*order));
    }
    // The conductor is gone: nobody will read what this load measures.
    if (!fiber.cancelled()) threads.stop(StopKind::now);
  }));
  auto done = threads.run(self, Instant(Duration(number_of(go->head, "at"))));
  orders.cancel();
  (void)orders.join(self);
  Frame ended = plain(FrameKind::ended);
  if (!done) ended.head.set("error", done.error().text);
  push(std::move(ended));
  closing_ = true;
  if (sender_ != nullptr) sender_->wake();
  (void)companions.join(self);
  return done;
}

}  // namespace

Result<> serve_generator(Fiber& self, const Plan& plan, const std::string& socket) {
  const Endpoint to = TRY(Endpoint::parse("unix:" + socket));
  auto stream = TRY(self.loop().connect(self, {.to = to}, self.now() + std::chrono::seconds(10)));
  const auto servant = std::make_unique<Servant>(self.loop(), plan, std::move(stream));
  return servant->serve(self);
}

}  // namespace brunt
