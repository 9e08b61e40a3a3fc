#include "step/plan_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "loop/fiber_group.h"
#include "step/frame_runner.h"
#include "step/redis_runner.h"
#include "step/request_runner.h"

namespace brunt {
namespace {

// The kinds of requests; nullptr for a step that is about the way through the others.
std::unique_ptr<StepRunner> make_runner(ScenarioContext& scenario, const Step& step) {
  if (const auto* http = std::get_if<RequestStep>(&step.kind))
    return std::make_unique<RequestRunner>(scenario, *http);
  if (const auto* frame = std::get_if<FrameStep>(&step.kind))
    return std::make_unique<FrameRunner>(scenario, *frame);
  if (const auto* redis = std::get_if<RedisStep>(&step.kind))
    return std::make_unique<RedisRunner>(scenario, *redis);
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<PlanBody>> PlanBody::create(StepContext& context, std::uint32_t index,
                                                   LoadModel model) {
  const Scenario& scenario = context.plan.scenarios[index];
  ScenarioContext parts = TRY(ScenarioContext::create(context, index, model));
  // No make_unique: the constructor is private.
  std::unique_ptr<PlanBody> body(new PlanBody(std::move(parts)));
  body->prepare(scenario.before);
  body->prepare(scenario.steps);
  return body;
}

PlanBody::PlanBody(ScenarioContext scenario)
    : scenario_(std::move(scenario)), body_series_(scenario_) {}

PlanBody::~PlanBody() = default;

void PlanBody::prepare(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (auto runner = make_runner(scenario_, step)) runners_.emplace(&step, std::move(runner));
    for (const std::vector<Step>* inner : inner_steps(step)) prepare(*inner);
  }
}

// Each holds a few hundred bytes for as long as its VU lives.
void PlanBody::add_subject(PlanVu& vu) {
  constexpr std::uint64_t subjects_max = 200'000;
  if (scenario_.scenario.subjects == Subjects::none) return;
  if (++subjects_ > subjects_max)
    return scenario_.shared.watcher.step_failed(
        scenario_.scenario.name, "only the first 200,000 clients have figures of their own");
  vu.subject = std::make_unique<Subject>(std::to_string(vu.id));
}

Result<> PlanBody::start_vu(Fiber& self, Vu& vu) {
  const std::uint64_t stream = (static_cast<std::uint64_t>(scenario_.index) << 40U) + vu.id_in_test;
  auto state = std::make_unique<PlanVu>(scenario_.shared.http, scenario_.session,
                                        Prng(scenario_.shared.seed).split(stream));
  PlanVu& mine = *state;
  mine.id = vu.id_in_test;
  mine.id_in_scenario = vu.id_in_scenario;
  mine.slots.resize(scenario_.scenario.slots.size());
  mine.rows.assign(scenario_.shared.plan.data.size(), nullptr);
  add_subject(mine);
  vu.state = std::move(state);
  if (scenario_.scenario.before.empty()) return {};
  if (!claim_rows(mine, scenario_.scenario.before_data_sets))
    return fail(ErrorCode::exhausted, "the data set has no rows left for another VU");
  auto done = run_steps(self, mine, scenario_.scenario.before);
  body_series_.end_iteration(mine);
  if (!done && done.error().code != ErrorCode::cancelled) body_series_.error(done.error().text);
  return done;
}

IterationEnd PlanBody::run(Fiber& self, Vu& vu, const Iteration& iteration) {
  PlanVu& mine = static_cast<PlanVu&>(*vu.state);
  begin_iteration(mine, iteration);
  if (!claim_rows(mine, scenario_.scenario.data_sets)) {
    scenario_.shared.watcher.data_used_up(scenario_.index);
    return IterationEnd::interrupted;
  }
  const auto& steps = scenario_.scenario.steps;
  auto done = scenario_.scenario.cycle ? run_step(self, mine, steps[iteration.index % steps.size()])
                                       : run_steps(self, mine, steps);
  body_series_.end_iteration(mine);
  if (self.cancelled() || (!done && done.error().code == ErrorCode::cancelled))
    return IterationEnd::interrupted;
  if (!done) body_series_.error(done.error().text);
  return IterationEnd::complete;
}

void PlanBody::end_vu(Fiber&, Vu& vu) {
  const PlanVu& mine = static_cast<PlanVu&>(*vu.state);
  if (mine.subject) scenario_.shared.watcher.subject_ended(*mine.subject);
}

void PlanBody::begin_iteration(PlanVu& vu, const Iteration& iteration) {
  vu.iteration = iteration.index_in_vu;
  vu.iteration_in_test = iteration.index;
  vu.lateness = iteration.started - iteration.planned;
  const auto& slots = scenario_.scenario.slots;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (slots[i].kind == SlotKind::iteration) vu.slots[i] = Json();
  if (scenario_.scenario.defaults.cookies && scenario_.scenario.before.empty() &&
      !vu.session.cookies().empty())
    vu.session.cookies().clear();
}

bool PlanBody::claim_rows(PlanVu& vu, const std::vector<std::uint32_t>& sets) {
  for (const std::uint32_t set : sets) {
    const auto row = scenario_.shared.cursors[set]->next(vu.prng);
    if (!row) return false;
    vu.rows[set] = scenario_.shared.plan.data[set].rows->row(*row);
  }
  return true;
}

Result<> PlanBody::run_steps(Fiber& self, PlanVu& vu, const std::vector<Step>& steps) {
  for (const Step& step : steps) TRY(run_step(self, vu, step));
  return {};
}

Result<> PlanBody::run_step(Fiber& self, PlanVu& vu, const Step& step) {
  if (is_request(step)) return runners_.find(&step)->second->run(self, vu);
  if (const auto* think = std::get_if<ThinkStep>(&step.kind))
    return self.sleep(vu.prng.between(think->pause.low, think->pause.high));
  if (const auto* loop = std::get_if<LoopStep>(&step.kind)) return run_loop(self, vu, *loop);
  if (const auto* branch = std::get_if<IfStep>(&step.kind)) return run_if(self, vu, *branch);
  return run_parallel(self, vu, std::get<ParallelStep>(step.kind));
}

Result<> PlanBody::run_loop(Fiber& self, PlanVu& vu, const LoopStep& step) {
  std::uint64_t rounds = step.rounds_max;
  Json list;
  if (step.count) {
    const Json count = TRY(step.count->evaluate(scope_of(scenario_, vu)));
    if (!count.is_number() || count.number() < 0)
      return fail(ErrorCode::invalid,
                  "a loop's count must be a number from 0, not " + count.dump());
    if (count.number() < static_cast<double>(rounds))
      rounds = static_cast<std::uint64_t>(count.number());
  } else if (step.over) {
    list = TRY(step.over->evaluate(scope_of(scenario_, vu)));
    if (!list.is_array())
      return fail(ErrorCode::invalid,
                  "a loop goes over a list, not over " + std::string(list.kind()));
    rounds = std::min<std::uint64_t>(rounds, list.array().size());
  }
  for (std::uint64_t round = 0; step.while_true || round < rounds; ++round) {
    if (step.variable_slot && step.over) vu.slots[*step.variable_slot] = list.array()[round];
    if (step.index_slot) vu.slots[*step.index_slot] = Json(round);
    if (step.while_true && !TRY(step.while_true->test(scope_of(scenario_, vu)))) return {};
    if (round == rounds)
      return fail(ErrorCode::too_large,
                  fmt::format("a loop did not end within {} rounds (raise its `max:`)", rounds));
    TRY(run_steps(self, vu, step.steps));
    if (self.cancelled()) return fail(ErrorCode::cancelled, "the run ends");
  }
  return {};
}

Result<> PlanBody::run_if(Fiber& self, PlanVu& vu, const IfStep& step) {
  return run_steps(
      self, vu,
      TRY(step.condition.test(scope_of(scenario_, vu))) ? step.then_steps : step.else_steps);
}

Result<> PlanBody::run_parallel(Fiber& self, PlanVu& vu, const ParallelStep& step) {
  const std::size_t at_once = step.at_once_max == 0 ? step.steps.size() : step.at_once_max;
  std::size_t next = 0;
  Result<> first_error;
  const auto work = [&](Fiber& fiber) {
    while (next < step.steps.size() && first_error) {
      auto done = run_step(fiber, vu, step.steps[next++]);
      if (!done && first_error) first_error = std::move(done);
    }
  };
  FiberGroup group(self.loop());
  Result<> spawned;
  for (std::size_t i = 0; i < std::min(at_once, step.steps.size()) && spawned; ++i)
    spawned = group.spawn("parallel step", work);
  TRY(group.join(self));
  TRY(std::move(spawned));
  return first_error;
}

}  // namespace brunt
