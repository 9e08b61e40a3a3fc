#include "step/redis_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace brunt {
namespace {

// A reply as checks and captures see it: its text is the body.
class RedisSource final : public ReplySource {
 public:
  explicit RedisSource(const RedisReply& reply) : reply_(reply) {}

  std::int64_t status() const override { return 0; }
  std::string_view body() const override { return reply_.body; }
  Duration duration() const override { return reply_.duration; }
  std::optional<std::string_view> header(std::string_view) const override { return std::nullopt; }
  std::optional<std::string_view> cookie(std::string_view) const override { return std::nullopt; }

 private:
  const RedisReply& reply_;
};

Result<RedisTarget> redis_target_of(const ScenarioContext& scenario, const RedisStep& step) {
  const std::string text = TRY(scenario.target_of(step.target));
  if (scenario.shared.rehearsing == Rehearsing::no) return parse_redis_target(text);
  // A model stands for every service then, at a URL of the rehearsal's own.
  return RedisTarget{.peer = TRY(parse_peer_address(text)), .user = {}, .password = {}};
}

bool is_constant(const RedisStep& step) {
  return std::ranges::all_of(step.commands, [](const auto& words) {
    return std::ranges::all_of(words, [](const Template& word) { return word.is_constant(); });
  });
}

}  // namespace

struct RedisRunner::Draft {
  std::vector<std::string> words;
  std::vector<std::string_view> views;
  std::string bytes;
  RedisReply reply;

  bool rest() const {
    return bytes.capacity() < draft_bytes_kept && reply.body.capacity() < draft_bytes_kept;
  }
};

struct RedisRunner::Session final : VuState {
  struct Line {
    explicit Line(StepContext& shared, const RedisTarget& target)
        : client(shared.http.loop, shared.http.dialer, target) {}
    RedisClient client;
    bool busy = false;
  };
  // One, but where steps run in parallel. Pointers: a fiber holds its line while others come.
  std::vector<std::unique_ptr<Line>> lines;

  Line& free_line(StepContext& shared, const RedisTarget& target) {
    for (auto& line : lines)
      if (!line->busy) return *line;
    return *lines.emplace_back(std::make_unique<Line>(shared, target));
  }
};

RedisRunner::RedisRunner(ScenarioContext& scenario, const RedisStep& step)
    : scenario_(scenario),
      step_(step),
      series_(scenario.shared.recorder, {.metrics = {.reqs = MetricId::redis_reqs,
                                                     .failed = MetricId::redis_req_failed,
                                                     .duration = MetricId::redis_req_duration},
                                         .base = scenario.request_tags(step.name, step.tags),
                                         .model = scenario.model}),
      judge_(scenario, step.checks, step.captures, "redis " + step.name),
      timeout_(step.timeout.value_or(scenario.scenario.defaults.timeout)) {
  auto target = redis_target_of(scenario, step);
  if (target)
    target_ = std::move(*target);
  else
    target_known_ = std::unexpected(target.error());
  slot_ =
      scenario.session_slot(fmt::format("redis {} {}:{} {} {}", target_.peer.text(), target_.user,
                                        target_.password, target_.database, target_.protocol));
  if (!is_constant(step)) return;
  Draft draft;
  // Without an expression there is nothing that could fail.
  if (fill(draft, {})) constant_ = std::move(draft.bytes);
}

RedisRunner::~RedisRunner() = default;

Result<RedisRunner::Session*> RedisRunner::open_session(PlanVu& vu) {
  std::unique_ptr<VuState>& place = session_of(scenario_, vu, slot_);
  if (place == nullptr) {
    TRY(target_known_);
    place = std::make_unique<Session>();
  }
  return static_cast<Session*>(place.get());
}

Result<> RedisRunner::fill(Draft& draft, const Scope& scope) const {
  draft.bytes.clear();
  for (const std::vector<Template>& command : step_.commands) {
    if (draft.words.size() < command.size()) draft.words.resize(command.size());
    draft.views.clear();
    for (std::size_t i = 0; i < command.size(); ++i) {
      draft.words[i].clear();
      TRY(command[i].append(scope, draft.words[i]));
      draft.views.push_back(draft.words[i]);
    }
    append_resp_command(draft.bytes, draft.views);
  }
  return {};
}

Result<> RedisRunner::run(Fiber& self, PlanVu& vu) {
  auto session = open_session(vu);
  if (!session) return fail_in("redis " + step_.name, std::move(session).error());
  const auto draft = drafts_.lend();
  if (constant_.empty())
    if (auto filled = fill(*draft, scope_of(scenario_, vu)); !filled)
      return fail_in("redis " + step_.name, std::move(filled).error());
  Session::Line& line = (*session)->free_line(scenario_.shared, target_);
  line.busy = true;
  auto done = line.client.send(self,
                               {.bytes = constant_.empty() ? draft->bytes : constant_,
                                .count = static_cast<std::uint32_t>(step_.commands.size())},
                               draft->reply, self.now() + timeout_);
  line.busy = false;
  // Interrupted at the end of the run: neither the target's success nor its failure.
  if (done) {
    record_exchange(scenario_, vu, series_, draft->reply);
    if (judge_.is_needed())
      judge_.judge(RedisSource(draft->reply),
                   draft->reply.ok() ? ReplyState::usable : ReplyState::failed, vu);
  }
  return done;
}

}  // namespace brunt
