#include "run/rehearse.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/units.h"
#include "base/url.h"
#include "fault/proxy_set.h"
#include "loop/fiber_group.h"
#include "net/certificate.h"
#include "plan/names.h"
#include "plan/script_bundle.h"
#include "run/links.h"
#include "run/load_units.h"
#include "run/rehearsed_services.h"
#include "run/run_faults.h"
#include "run/script_stages.h"
#include "run/seconds.h"
#include "run/service_model.h"
#include "run/shared_counters.h"
#include "run/subject_book.h"
#include "server/http_server.h"

namespace brunt {
namespace {

// Takes a generator's seconds straight into the record.
class RehearsalSink final : public GeneratorSink {
 public:
  RehearsalSink(Rehearsal& rehearsal, const std::function<bool(Duration)>& progress)
      : rehearsal_(rehearsal), progress_(progress), builder_(rehearsal.record) {}

  void second(GeneratorSecond second) override {
    const auto elapsed = std::chrono::seconds(second.snapshot.second + 1);
    subjects_.take(second.subjects);
    auto closed = seconds_.take(second);
    if (!closed) return warned(closed.error().text);
    for (const ClosedSecond& each : *closed)
      for (const SecondRecord& record : recorder_.take(each.second, each.rows))
        (void)builder_.append(record);
    if (on_stop && !progress_(elapsed)) end_early(elapsed);
  }
  void warned(std::string text) override { rehearsal_.warnings.push_back(std::move(text)); }

  Seconds& seconds() { return seconds_; }
  SubjectBook& subjects() { return subjects_; }
  std::function<void()> on_stop;  // While there is load that can be stopped.

 private:
  void end_early(Duration elapsed) {
    rehearsal_.ended_early = elapsed;
    rehearsal_.record.notes.push_back("the rehearsal ended early, after " +
                                      format_duration(elapsed) + " of the plan");
    std::exchange(on_stop, nullptr)();
  }

  Rehearsal& rehearsal_;
  const std::function<bool(Duration)>& progress_;
  RecordBuilder builder_;
  Seconds seconds_{1};
  SubjectBook subjects_;
  SecondRecorder recorder_{"rehearsal"};
};

// What stands for a target: it speaks HTTP, or what a step of another protocol sends there.
struct Model {
  Endpoint at;
  ModelAnswers answers;  // Empty: HTTP.
  Transport transport = Transport::plain;
};

// The plan with every target led to a model.
struct Stage {
  Plan plan;
  std::vector<std::string> members;
  std::vector<HostEntry> hosts;
  std::vector<Model> models;
  std::vector<Redirection> redirections;  // What scripts ask for.
};

Endpoint model_at(std::size_t index) {
  return Endpoint::loopback(static_cast<std::uint16_t>(20'000 + index));
}

Endpoint link_at(std::size_t index) {
  return Endpoint::loopback(static_cast<std::uint16_t>(10'000 + index));
}

// Where a model stands that has a front: a proxy that is its outages.
Endpoint behind(const Endpoint& front) {
  return Endpoint::loopback(static_cast<std::uint16_t>(front.port() + 20'000));
}

class StageManager {
 public:
  explicit StageManager(const Plan& plan) : stage_{.plan = plan} {}

  Result<Stage> set() && {
    const std::size_t services = stage_.plan.services.size();
    const std::size_t one_view = services * service_members.size();
    stage_.members.assign(member_views(stage_.plan) * one_view, "rehearsed");
    for (std::size_t i = 0; i < services; ++i) {
      const Endpoint at = model_at(i);
      stage_.models.push_back({.at = at, .answers = {}});
      for (std::size_t view = 0; view < stage_.members.size(); view += one_view) {
        stage_.members[view + member_slot(i, 0)] = "http://" + at.text();
        stage_.members[view + member_slot(i, 1)] = at.text();
        stage_.members[view + member_slot(i, 2)] = at.ip();
        stage_.members[view + member_slot(i, 3)] = std::to_string(at.port());
      }
    }
    for (std::size_t i = 0; i < stage_.plan.links.size(); ++i)
      lead_through(stage_.plan, stage_.plan.links[i], link_at(i).text(), stage_.members);
    for (Scenario& scenario : stage_.plan.scenarios) {
      scenario_ = &scenario;
      TRY(lead(scenario.target));
      TRY(lead_steps(scenario.before));
      TRY(lead_steps(scenario.steps));
    }
    if (!scripts_of(stage_.plan).empty()) lead_scripts();
    return std::move(stage_);
  }

 private:
  // What a script asks for is known only when it does: a model stands for all the world, and one
  // more for it by https at its usual port. What has a model already keeps it.
  void lead_scripts() {
    const auto redirect = [this](std::string from, std::uint16_t port, const Endpoint& to) {
      stage_.redirections.push_back({.from_host = std::move(from),
                                     .from_port = port,
                                     .to_host = to.ip(),
                                     .to_port = to.port()});
    };
    for (const Model& model : stage_.models) redirect(model.at.ip(), model.at.port(), model.at);
    for (std::size_t i = 0; i < stage_.plan.links.size(); ++i)
      redirect(link_at(i).ip(), link_at(i).port(), link_at(i));
    for (const auto& [port, transport] :
         {std::pair{std::uint16_t{443}, Transport::tls}, {std::uint16_t{0}, Transport::plain}}) {
      const Endpoint at = model_at(stage_.models.size());
      stage_.models.push_back({.at = at, .answers = {}, .transport = transport});
      redirect("*", port, at);
    }
    stage_.plan.tls.insecure = true;  // Nobody vouches for a model.
  }

  std::size_t scenario_index() const {
    return static_cast<std::size_t>(scenario_ - stage_.plan.scenarios.data());
  }
  std::span<const std::string> seen() const {
    return seen_by_scenario(stage_.plan, stage_.members, scenario_index());
  }

  // Its link's proxy, where the scenario has a link to it.
  Endpoint way_to(const Model& model) const {
    for (std::size_t i = 0; i < stage_.plan.links.size(); ++i) {
      const LinkPlan& link = stage_.plan.links[i];
      if (link.from_kind == LinkPlan::From::scenario && link.from == scenario_index() &&
          stage_.models[link.to].at == model.at)
        return link_at(i);
    }
    return model.at;
  }

  // The model behind a target, which is added where there is none yet; nullptr without a target.
  Result<Model*> model_of(const Template& target) {
    const std::string text = TRY(target.expand({.members = seen(), .scenario = scenario_->name}));
    if (text.empty()) return nullptr;
    const PeerAddress peer = TRY(parse_peer_address(text));
    for (std::size_t i = 0; i < stage_.plan.links.size(); ++i)
      if (link_at(i).ip() == peer.host && link_at(i).port() == peer.port)
        return &stage_.models[stage_.plan.links[i].to];
    for (Model& model : stage_.models)
      if (model.at.ip() == peer.host && model.at.port() == peer.port) return &model;
    auto [found, is_new] = outside_.try_emplace(peer.text(), stage_.models.size());
    if (is_new) stage_.models.push_back({.at = model_at(stage_.models.size()), .answers = {}});
    return &stage_.models[found->second];
  }

  Result<> lead(Template& target) {
    const Model* model = TRY(model_of(target));
    if (model == nullptr) return {};
    const std::string text = TRY(target.expand({.members = seen(), .scenario = scenario_->name}));
    const auto url = parse_url(text);
    target = Template::constant("http://" + way_to(*model).text() +
                                (url ? url->target : std::string("/")));
    return {};
  }

  // A step's own target, or its scenario's; the model there answers so.
  Result<> lead_to(Template& own, ModelAnswers answers) {
    TRY(lead(own));
    Model* model = TRY(model_of(own.empty() ? scenario_->target : own));
    if (model != nullptr) model->answers = std::move(answers);
    return {};
  }

  Result<> lead_steps(std::vector<Step>& steps) {
    for (Step& step : steps) {
      if (auto* frame = std::get_if<FrameStep>(&step.kind))
        TRY(lead_to(frame->target, frame_answers(frame->layout)));
      if (auto* redis = std::get_if<RedisStep>(&step.kind))
        TRY(lead_to(redis->target, redis_answers()));
      if (auto* loop = std::get_if<LoopStep>(&step.kind)) TRY(lead_steps(loop->steps));
      if (auto* parallel = std::get_if<ParallelStep>(&step.kind)) TRY(lead_steps(parallel->steps));
      if (auto* branch = std::get_if<IfStep>(&step.kind)) {
        TRY(lead_steps(branch->then_steps));
        TRY(lead_steps(branch->else_steps));
      }
    }
    return {};
  }

  Stage stage_;
  const Scenario* scenario_ = nullptr;
  std::map<std::string, std::size_t> outside_;  // What is no service of the plan.
};

// The proxies of the plan's links on the simulated network.
struct RehearsedLinks {
  RehearsedLinks(Loop& loop, std::uint64_t seed)
      : resolver(loop, {}),
        dialer(loop, resolver, allow, {}),
        proxies(loop, dialer, {.seed = seed}) {}

  Resolver resolver;
  AllowList allow = AllowList::everything();
  Dialer dialer;
  ProxySet proxies;
};

class Play {
 public:
  Play(const Plan& plan, const RehearseOptions& options, Rehearsal& rehearsal,
       const std::function<bool(Duration)>& progress)
      : options_(options), rehearsal_(rehearsal), sink_(rehearsal, progress), source_(plan) {}

  Result<> perform() {
    stage_ = TRY(StageManager(source_).set());
    loop_ = TRY(Loop::create({.backend = BackendKind::simulated,
                              .seed = options_.seed,
                              .network = {.one_way_delay_min = options_.round_trip / 2,
                                          .one_way_delay_max = options_.round_trip / 2},
                              .core_loss = options_.core_loss}));
    Result<> done;
    TRY(loop_->spawn("rehearsal", [&](Fiber& self) { done = play(self); }));
    loop_->run();
    return done;
  }

 private:
  Result<> play(Fiber& self);
  Result<> open_models(FiberGroup& group);
  Result<> open_links();
  Result<Endpoint> model_place(std::size_t index, FiberGroup& group);
  // The load, between setup() and teardown() where there are scripts.
  Result<> run_scripts(Fiber& self, GeneratorSetup& setup, FiberGroup& group);
  Result<> generate(Fiber& self, const GeneratorSetup& setup, FiberGroup& group);
  GeneratorSetup make_setup();

  RehearseOptions options_;
  Rehearsal& rehearsal_;
  RehearsalSink sink_;
  const Plan& source_;
  Stage stage_;
  MetricRegistry registry_;
  std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
  std::vector<std::unique_ptr<ServiceModel>> models_;
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<RehearsedLinks> links_;
  std::unique_ptr<RehearsedServices> services_;
  std::unique_ptr<RunFaults> faults_;
};

Result<> Play::open_links() {
  for (std::size_t i = 0; i < stage_.plan.links.size(); ++i) {
    const LinkPlan& link = stage_.plan.links[i];
    Proxy* const proxy = TRY(links_->proxies.create(
        {.name = link.name, .listen = link_at(i), .upstream = stage_.models[link.to].at.text()}));
    for (const Toxic& toxic : toxics_of(link)) TRY(proxy->set_toxic(toxic));
  }
  return {};
}

// The model's own place, or one behind its front where the plan has faults of that service.
Result<Endpoint> Play::model_place(std::size_t index, FiberGroup& group) {
  const Endpoint at = stage_.models[index].at;
  if (index >= source_.services.size()) return at;
  const std::string& service = source_.services[index].name;
  const bool has_faults = std::ranges::any_of(source_.faults, [&](const FaultPlan& fault) {
    return fault.spec.action != FaultAction::link && fault.spec.target == service;
  });
  if (!has_faults) return at;
  TRY(services_->add(service, at, behind(at), group));
  return behind(at);
}

Result<> Play::open_models(FiberGroup& group) {
  for (std::size_t i = 0; i < stage_.models.size(); ++i) {
    const ModelAnswers& answers = stage_.models[i].answers;
    const Endpoint at = TRY(model_place(i, group));
    if (answers) {
      models_.push_back(TRY(ServiceModel::listen(
          *loop_,
          {.at = at, .service_time = options_.service_time, .seed = options_.seed + at.port()},
          answers)));
      TRY(group.spawn("model", [&model = *models_.back()](Fiber& fiber) { model.serve(fiber); }));
      continue;
    }
    auto handler = [this, chance = Prng(options_.seed).split(at.port())](
                       Fiber& fiber, const HttpRequestView&, HttpResponseWriter& response) mutable {
      (void)fiber.sleep(from_seconds(chance.exponential(seconds_of(options_.service_time))));
      response.set_content_type("application/json");
      response.body() += "{}";
    };
    HttpServerOptions server{.at = at};
    if (stage_.models[i].transport == Transport::tls) {
      Certificate own = TRY(issue_certificate({.names = {"rehearsed"}}, nullptr));
      server.tls = {.certificate = std::move(own.certificate), .key = std::move(own.key)};
    }
    server.limits.connections_max = 1'000'000;
    server.limits.idle_timeout = std::chrono::hours(24 * 365);
    servers_.push_back(TRY(HttpServer::listen(*loop_, server, std::move(handler))));
    TRY(group.spawn("model", [&model = *servers_.back()](Fiber& fiber) { model.serve(fiber); }));
  }
  return {};
}

GeneratorSetup Play::make_setup() {
  GeneratorSetup setup{.plan = stage_.plan, .members = stage_.members, .registry = registry_};
  setup.allow = AllowList::everything();
  setup.seed = options_.seed;
  setup.redirections = stage_.redirections;
  counters_ = std::make_unique<SharedCounters>(stage_.plan, Segment(), 1);
  counters_->lend(setup);
  return setup;
}

Result<> Play::run_scripts(Fiber& self, GeneratorSetup& setup, FiberGroup& group) {
  if (scripts_of(stage_.plan).empty()) return generate(self, setup, group);
  ScriptStages stages(*loop_, setup, [this](std::string text) { sink_.warned(std::move(text)); });
  TRY(stages.set_up(self, setup.script_data));
  stages.deliver(0, sink_.seconds());
  TRY(generate(self, setup, group));
  return stages.has_teardown() ? stages.tear_down(self) : Result<>();
}

Result<> Play::generate(Fiber& self, const GeneratorSetup& setup, FiberGroup& group) {
  Generator generator(*loop_, setup, 0, sink_);
  sink_.on_stop = [&generator] { generator.stop(StopKind::now); };
  Result<> done = generator.prepare(self);
  if (done) done = faults_->start(group, self.now());
  if (done) done = generator.run(self, self.now());
  sink_.on_stop = nullptr;
  return done;
}

Result<> Play::play(Fiber& self) {
  const auto step_errors = TRY(register_metrics(stage_.plan, registry_));
  GeneratorSetup setup = make_setup();
  setup.step_errors = step_errors;
  setup.rehearsal = Rehearsing::yes;
  services_ = std::make_unique<RehearsedServices>(*loop_, options_.seed);
  links_ = std::make_unique<RehearsedLinks>(*loop_, options_.seed);
  faults_ = std::make_unique<RunFaults>(
      *loop_, stage_.plan, *services_, &links_->proxies,
      RunFaultsOptions{.seed = source_.seed.value_or(options_.seed),
                       .load_end = load_end_of(source_),
                       .phase = [](const std::string&) {},
                       .warning = [this](const std::string& text) { sink_.warned(text); },
                       .log = [](const LogLine&) {},
                       .machine = RunFaultsOptions::Machine::simulated});
  TRY(faults_->prepare());
  const Instant start = self.now();
  FiberGroup models(*loop_);
  auto opened = open_models(models);
  if (opened) opened = open_links();
  Result<> done;
  FiberGroup fault_fibers(*loop_);
  if (opened) done = run_scripts(self, setup, fault_fibers);
  fault_fibers.cancel();
  (void)fault_fibers.join(self);
  links_->proxies.stop(self);
  rehearsal_.record.events = faults_->events(self.now() - start);
  rehearsal_.timetable = faults_->planned_events();
  models.cancel();
  (void)models.join(self);
  if (!opened) return opened;
  rehearsal_.record.run.plan_name = source_.name;
  rehearsal_.record.run.backend = name_of(BackendKind::simulated);
  rehearsal_.record.scenarios = sink_.seconds().scenarios(stage_.plan);
  rehearsal_.record.checks = sink_.seconds().checks();
  rehearsal_.record.subjects = sink_.subjects().close(rehearsal_.record.notes);
  return done;
}

}  // namespace

Result<Rehearsal> rehearse(const Plan& plan, const RehearseOptions& options,
                           const std::function<bool(Duration elapsed)>& progress) {
  Rehearsal rehearsal;
  // Large, and its loop outlives what runs on it.
  const auto play = std::make_unique<Play>(plan, options, rehearsal, progress);
  TRY(play->perform());
  return rehearsal;
}

}  // namespace brunt
