#include "run/generator_wire.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace brunt {
namespace {

constexpr std::size_t prefix_bytes = 5;

std::uint32_t load_u32(const char* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

void append_u32(std::string& out, std::uint32_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

Json counts_json(const LoadCounts& counts) {
  Json json;
  for (const std::uint64_t value :
       {counts.planned, counts.started, counts.completed, counts.interrupted, counts.dropped,
        counts.queued, counts.running, counts.started_late, counts.vus_failed})
    json.push(Json(value));
  return json;
}

// Whether `list` is an array of `size` whole numbers.
bool is_whole(const Json& list, std::size_t size) {
  return list.is_array() && list.array().size() == size &&
         std::ranges::all_of(list.array(), [](const Json& value) { return value.is_integer(); });
}

std::uint64_t whole(const Json& list, std::size_t index) {
  return static_cast<std::uint64_t>(list.array()[index].integer());
}

constexpr std::size_t counts_size = 9;

LoadCounts counts_of(const Json& json) {
  return {.planned = whole(json, 0),
          .started = whole(json, 1),
          .completed = whole(json, 2),
          .interrupted = whole(json, 3),
          .dropped = whole(json, 4),
          .queued = whole(json, 5),
          .running = whole(json, 6),
          .started_late = whole(json, 7),
          .vus_failed = whole(json, 8)};
}

Json progress_json(const ScenarioProgress& scenario) {
  const ExecutorProgress& now = scenario.now;
  Json json;
  json.push(Json(scenario.name));
  json.push(Json(static_cast<int>(scenario.executor)));
  json.push(Json(scenario.start_time.count()));
  json.push(Json(static_cast<int>(now.phase)));
  json.push(Json(now.elapsed.count()));
  json.push(Json(now.duration.count()));
  for (const std::uint64_t value : {now.iterations_planned, now.vus_active, now.vus, now.vus_max})
    json.push(Json(value));
  json.push(counts_json(now.counts));
  return json;
}

constexpr std::size_t progress_size = 11;

bool is_progress(const Json& json) {
  if (!json.is_array() || json.array().size() != progress_size) return false;
  const Json::Array& fields = json.array();
  return fields[0].is_string() &&
         std::all_of(fields.begin() + 1, fields.end() - 1,
                     [](const Json& field) { return field.is_integer(); }) &&
         whole(json, 1) <= static_cast<std::uint64_t>(ExecutorKind::externally_controlled) &&
         whole(json, 3) <= static_cast<std::uint64_t>(ExecutorPhase::ended) &&
         is_whole(fields.back(), counts_size);
}

// REQUIRES: is_progress(json).
ScenarioProgress progress_of(const Json& json) {
  ScenarioProgress scenario;
  scenario.name = json.array()[0].string();
  scenario.executor = static_cast<ExecutorKind>(whole(json, 1));
  scenario.start_time = Duration(json.array()[2].integer());
  scenario.now.phase = static_cast<ExecutorPhase>(whole(json, 3));
  scenario.now.elapsed = Duration(json.array()[4].integer());
  scenario.now.duration = Duration(json.array()[5].integer());
  scenario.now.iterations_planned = whole(json, 6);
  scenario.now.vus_active = whole(json, 7);
  scenario.now.vus = whole(json, 8);
  scenario.now.vus_max = whole(json, 9);
  scenario.now.counts = counts_of(json.array()[10]);
  return scenario;
}

// [[subject, metric, value], ...]
Json subjects_json(const std::vector<SubjectFigure>& figures) {
  Json json{Json::Array()};
  for (const SubjectFigure& figure : figures) {
    Json one;
    one.push(Json(figure.subject));
    one.push(Json(figure.metric));
    one.push(Json(figure.value));
    json.push(std::move(one));
  }
  return json;
}

Result<std::vector<SubjectFigure>> subjects_of(const Json& json) {
  const auto malformed = [] {
    return fail(ErrorCode::malformed, "a generator process sent a client without its figures");
  };
  std::vector<SubjectFigure> figures;
  if (!json.is_array()) return malformed();
  for (const Json& one : json.array()) {
    if (!one.is_array() || one.array().size() != 3 || !one.array()[0].is_string() ||
        !one.array()[1].is_string() || !one.array()[2].is_number())
      return malformed();
    figures.push_back({one.array()[0].string(), one.array()[1].string(), one.array()[2].number()});
  }
  return figures;
}

}  // namespace

Result<> FrameChannel::send(Fiber& self, const Frame& frame) {
  const std::string head = frame.head.dump();
  std::string bytes;
  append_u32(bytes, static_cast<std::uint32_t>(1 + 4 + head.size() + frame.tail.size()));
  bytes += static_cast<char>(frame.kind);
  append_u32(bytes, static_cast<std::uint32_t>(head.size()));
  bytes += head;
  bytes += frame.tail;
  return stream_->send(self, as_bytes(bytes), far_future);
}

Result<Frame> FrameChannel::receive(Fiber& self) {
  for (;;) {
    if (pending_.size() >= prefix_bytes + 4) {
      const std::uint32_t size = load_u32(pending_.data());
      if (size > limits_.frame_bytes_max || size < prefix_bytes)
        return fail(ErrorCode::too_large,
                    "a frame between brunt's processes has an impossible size");
      if (pending_.size() >= 4 + std::size_t{size}) {
        const std::uint32_t head_size = load_u32(pending_.data() + prefix_bytes);
        const std::size_t head_at = prefix_bytes + 4;
        if (head_size > size - prefix_bytes)
          return fail(ErrorCode::malformed, "a frame's head is longer than the frame");
        if (pending_[4] < static_cast<char>(FrameKind::setup) ||
            pending_[4] > static_cast<char>(FrameKind::ended))
          return fail(ErrorCode::malformed,
                      "a frame between brunt's processes is of no known kind");
        Frame frame{.kind = static_cast<FrameKind>(pending_[4])};
        frame.head = TRY(Json::parse(std::string_view(pending_).substr(head_at, head_size)));
        frame.tail = pending_.substr(head_at + head_size, 4 + size - head_at - head_size);
        pending_.erase(0, 4 + std::size_t{size});
        return frame;
      }
    }
    const ByteView bytes = TRY(stream_->receive(self, far_future));
    if (bytes.empty()) return fail(ErrorCode::closed, "the other process has ended");
    pending_ += as_text(bytes);
  }
}

Frame frame_of(const GeneratorSecond& second) {
  Frame frame{.kind = FrameKind::second, .tail = encode_snapshot(second.snapshot)};
  frame.head.set("cpu", second.cpu);
  frame.head.set("lag", second.lag.count());
  frame.head.set("last", second.last);
  if (second.judgement != ScriptJudgement::none) {
    frame.head.set("judgement", std::int64_t{std::to_underlying(second.judgement)});
    frame.head.set("reason", second.reason);
  }
  Json progress{Json::Array()};
  for (const ScenarioProgress& scenario : second.progress) progress.push(progress_json(scenario));
  frame.head.set("progress", std::move(progress));
  if (!second.subjects.empty()) frame.head.set("subjects", subjects_json(second.subjects));
  return frame;
}

Frame frame_of(const SteeringOrder& order) {
  Frame frame{.kind = FrameKind::steer, .head = Json(Json::Object())};
  if (order.paused) frame.head.set("paused", *order.paused);
  if (!order.scale) return frame;
  frame.head.set("vus", order.scale->vus);
  frame.head.set("vus_max", order.scale->vus_max);
  return frame;
}

SteeringOrder steering_of(const Frame& frame) {
  SteeringOrder order;
  const Json* paused = frame.head.find("paused");
  const Json* vus = frame.head.find("vus");
  const Json* vus_max = frame.head.find("vus_max");
  if (paused != nullptr && paused->is_bool()) order.paused = paused->boolean();
  if (vus != nullptr && vus->is_integer() && vus_max != nullptr && vus_max->is_integer())
    order.scale = {.vus = static_cast<std::uint64_t>(vus->integer()),
                   .vus_max = static_cast<std::uint64_t>(vus_max->integer())};
  return order;
}

Result<GeneratorSecond> second_of(const Frame& frame) {
  const Json* cpu = frame.head.find("cpu");
  const Json* lag = frame.head.find("lag");
  const Json* last = frame.head.find("last");
  const Json* progress = frame.head.find("progress");
  if (cpu == nullptr || !cpu->is_number() || lag == nullptr || !lag->is_integer() ||
      last == nullptr || !last->is_bool() || progress == nullptr || !progress->is_array() ||
      !std::ranges::all_of(progress->array(), is_progress))
    return fail(ErrorCode::malformed, "a generator process sent a second without its figures");
  GeneratorSecond second{.snapshot = TRY(decode_snapshot(as_bytes(frame.tail)))};
  second.cpu = cpu->number();
  second.lag = Duration(lag->integer());
  second.last = last->boolean();
  for (const Json& scenario : progress->array()) second.progress.push_back(progress_of(scenario));
  if (const Json* judgement = frame.head.find("judgement")) {
    const Json* reason = frame.head.find("reason");
    if (!judgement->is_integer() || judgement->integer() < 0 || judgement->integer() > 2 ||
        reason == nullptr || !reason->is_string())
      return fail(ErrorCode::malformed, "a generator process sent a judgement that is none");
    second.judgement = static_cast<ScriptJudgement>(judgement->integer());
    second.reason = reason->string();
  }
  if (const Json* subjects = frame.head.find("subjects"))
    second.subjects = TRY(subjects_of(*subjects));
  return second;
}

}  // namespace brunt
