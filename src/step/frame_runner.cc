#include "step/frame_runner.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/units.h"

namespace brunt {
namespace {

// The value of a text that is a whole number, as `32` or `${10 * vu}`.
Result<std::uint64_t> whole_number(const Template& text, const Scope& scope,
                                   std::string_view what) {
  const Json value = TRY(text.evaluate(scope));
  double number = -1;
  if (value.is_number()) number = value.number();
  if (value.is_string())
    if (const auto parsed = parse_number(value.string())) number = *parsed;
  constexpr double number_max = 9007199254740992.0;  // 2^53: beyond it doubles have gaps.
  if (number < 0 || number > number_max || number != std::floor(number))
    return fail(ErrorCode::invalid,
                fmt::format("{} has to be a whole number from 0, not {}", what, value.dump()));
  return static_cast<std::uint64_t>(number);
}

constexpr std::string_view filler = "the quick brown fox jumps over the lazy dog ";

void append_text(std::string& out, std::uint64_t size) {
  for (std::uint64_t left = size; left > 0;) {
    const auto part = std::min<std::uint64_t>(left, filler.size());
    out.append(filler.substr(0, part));
    left -= part;
  }
}

std::string key_of(const FrameStep& step, const std::string& target) {
  const FrameLayout& layout = step.layout;
  return fmt::format("frame {} {} {}/{}/{}/{} {} {} {}..{}", target, step.client_id.source(),
                     layout.client_id_bytes, layout.message_id_bytes, layout.length_bytes,
                     layout.padding_bytes, name_of(layout.request_order), name_of(layout.ack_order),
                     layout.payload_bytes_min, layout.payload_bytes_max);
}

}  // namespace

struct FrameRunner::Draft {
  std::string payload, bytes;
  FrameReply reply;

  bool rest() const { return payload.capacity() < draft_bytes_kept; }
};

struct FrameRunner::Session final : VuState {
  Session(StepContext& shared, const FrameClientOptions& options, std::uint64_t id)
      : client(shared.http.loop, shared.http.dialer, options), client_id(id) {}

  FrameClient client;
  std::uint64_t client_id;
  std::uint64_t message_id = 0;  // The last one.
  bool busy = false;             // A message is under way.
};

FrameRunner::FrameRunner(ScenarioContext& scenario, const FrameStep& step)
    : scenario_(scenario),
      step_(step),
      series_(scenario.shared.recorder, {.metrics = {.reqs = MetricId::frame_reqs,
                                                     .failed = MetricId::frame_req_failed,
                                                     .duration = MetricId::frame_req_duration},
                                         .base = scenario.request_tags(step.name, step.tags),
                                         .model = scenario.model}),
      timeout_(step.timeout.value_or(scenario.scenario.defaults.timeout)) {
  client_.layout = step.layout;
  const auto target = scenario.target_of(step.target);
  const auto peer =
      target ? parse_peer_address(*target) : Result<PeerAddress>(std::unexpected(target.error()));
  if (peer)
    client_.target = *peer;
  else
    target_ = std::unexpected(peer.error());
  slot_ = scenario.session_slot(key_of(step, client_.target.text()));
  if (step.size.is_constant() && !step.size.empty())
    size_ = parse_size(step.size.text()).value_or(0);
}

FrameRunner::~FrameRunner() = default;

Result<FrameRunner::Session*> FrameRunner::open_session(PlanVu& vu) {
  std::unique_ptr<VuState>& place = session_of(scenario_, vu, slot_);
  if (place == nullptr) {
    TRY(target_);
    const std::uint64_t id =
        TRY(whole_number(step_.client_id, scope_of(scenario_, vu), "client_id"));
    place = std::make_unique<Session>(scenario_.shared, client_, id);
    if (vu.subject) vu.subject->rename(std::to_string(id));
  }
  return static_cast<Session*>(place.get());
}

Result<> FrameRunner::fill(std::string& payload, const Scope& scope) const {
  payload.clear();
  if (step_.size.empty()) return step_.payload.append(scope, payload);
  std::uint64_t size = size_;
  if (!step_.size.is_constant()) size = TRY(whole_number(step_.size, scope, "size"));
  // What is longer is refused by the layout; it need not be built for that.
  append_text(payload, std::min<std::uint64_t>(size, step_.layout.payload_bytes_max + 1ULL));
  return {};
}

Result<> FrameRunner::run(Fiber& self, PlanVu& vu) {
  const auto lease = drafts_.lend();
  Draft& draft = *lease;
  auto session = open_session(vu);
  if (!session) return fail_in("frame " + step_.name, std::move(session).error());
  if (auto filled = fill(draft.payload, scope_of(scenario_, vu)); !filled)
    return fail_in("frame " + step_.name, std::move(filled).error());
  Session& mine = **session;
  if (std::exchange(mine.busy, true))
    return fail(ErrorCode::invalid, "frame " + step_.name +
                                        ": a client's messages go one after the other: in "
                                        "`parallel:` give each step a client_id of its own");
  mine.message_id = (mine.message_id + 1) & client_.layout.message_id_max();
  auto done = mine.client.send(self,
                               {.client_id = mine.client_id,
                                .message_id = mine.message_id,
                                .payload = as_bytes(draft.payload)},
                               draft.bytes, draft.reply, self.now() + timeout_);
  mine.busy = false;
  // Interrupted at the end of the run: neither the target's success nor its failure.
  if (done) record_exchange(scenario_, vu, series_, draft.reply);
  if (!done && done.error().code != ErrorCode::cancelled)
    return fail_in("frame " + step_.name, std::move(done).error());
  return done;
}

}  // namespace brunt
