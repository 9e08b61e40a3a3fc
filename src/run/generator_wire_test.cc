// What the conductor and its generator processes say to each other, and what neither should.
#include "run/generator_wire.h"

#include <doctest/doctest.h>

#include <functional>

#include "base/prng.h"
#include "metrics/recorder.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

GeneratorSecond sample_second() {
  MetricRegistry registry;
  Recorder recorder(registry);
  recorder.series(MetricId::http_req_duration, recorder.tags().intern({{"name", "/a"}})).add(7.5);
  recorder.series(MetricId::iterations, TagSetId::none).add(3.0);
  GeneratorSecond second{.generator = 1, .snapshot = recorder.freeze(12)};
  second.cpu = 0.25;
  second.lag = 3ms;
  second.last = true;
  ScenarioProgress progress{.name = "device \"x\"", .executor = ExecutorKind::ramping_vus};
  progress.start_time = 2s;
  progress.now = {.phase = ExecutorPhase::stopping,
                  .elapsed = 11s,
                  .duration = 20s,
                  .iterations_planned = 9,
                  .vus_active = 8,
                  .vus = 7,
                  .vus_max = 6};
  progress.now.counts = {.planned = 1,
                         .started = 2,
                         .completed = 3,
                         .interrupted = 4,
                         .dropped = 5,
                         .queued = 6,
                         .running = 7,
                         .started_late = 8,
                         .vus_failed = 9};
  second.progress = {progress, ScenarioProgress{.name = "other"}};
  second.subjects = {{"7", "setup_time", 0.25}, {"8 \"x\"", "frame_req_duration.median", 1}};
  return second;
}

// The bytes that a channel sends, and what one receives that gets them.
struct Pipe {
  using Use = std::function<void(Fiber&, FrameChannel&)>;

  // `sender` writes plain bytes or frames; `receiver` has a channel at the other end.
  static void between(const std::function<void(Fiber&, std::unique_ptr<Stream>)>& sender,
                      const Use& receiver) {
    auto loop = Loop::create({.backend = BackendKind::simulated,
                              .network = {.one_way_delay_max = 5ms, .split_probability = 0.5}});
    REQUIRE(loop);
    auto listener = (*loop)->listen({.at = Endpoint::any(9)});
    REQUIRE(listener);
    REQUIRE((*loop)->spawn("sender", [&](Fiber& self) {
      auto stream = (*loop)->connect(self, {.to = Endpoint::loopback(9)}, far_future);
      REQUIRE(stream);
      sender(self, std::move(*stream));
    }));
    REQUIRE((*loop)->spawn("receiver", [&](Fiber& self) {
      auto stream = (*listener)->accept(self, far_future);
      REQUIRE(stream);
      FrameChannel channel(std::move(*stream));
      receiver(self, channel);
    }));
    (*loop)->run();
  }

  // Everything until the first error; its code.
  static ErrorCode received(const std::string& bytes, std::vector<Frame>& frames) {
    ErrorCode code{};
    between(
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          (void)stream->send(self, as_bytes(bytes), far_future);
          stream->finish();
        },
        [&](Fiber& self, FrameChannel& channel) {
          while (true) {
            auto frame = channel.receive(self);
            if (!frame) {
              code = frame.error().code;
              return;
            }
            frames.push_back(std::move(*frame));
          }
        });
    return code;
  }
};

std::string u32(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string frame_bytes(char kind, const std::string& head, const std::string& tail = "") {
  return u32(static_cast<std::uint32_t>(5 + head.size() + tail.size())) + kind +
         u32(static_cast<std::uint32_t>(head.size())) + head + tail;
}

}  // namespace

TEST_CASE("a second arrives as it was sent, however the bytes are cut") {
  const GeneratorSecond sent = sample_second();
  Pipe::between(
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        FrameChannel channel(std::move(stream));
        for (int i = 0; i < 3; ++i) REQUIRE(channel.send(self, frame_of(sent)));
      },
      [&](Fiber& self, FrameChannel& channel) {
        for (int i = 0; i < 3; ++i) {
          const auto frame = channel.receive(self);
          REQUIRE(frame);
          CHECK(frame->kind == FrameKind::second);
          const auto second = second_of(*frame);
          REQUIRE(second);
          CHECK(second->subjects == sent.subjects);
          CHECK(second->cpu == sent.cpu);
          CHECK(second->lag == sent.lag);
          CHECK(second->last);
          CHECK(encode_snapshot(second->snapshot) == encode_snapshot(sent.snapshot));
          // The same bytes again: nothing of the progress is lost.
          CHECK(frame_of(*second).head == frame_of(sent).head);
          REQUIRE(second->progress.size() == 2);
          CHECK(second->progress[0].name == "device \"x\"");
          CHECK(second->progress[0].now.counts.vus_failed == 9);
          CHECK(second->progress[0].now.vus_max == 6);
        }
        const auto end = channel.receive(self);
        REQUIRE(!end);
        CHECK(end.error().code == ErrorCode::closed);
      });
}

TEST_CASE("frames that are none are errors") {
  struct Row {
    const char* what;
    std::string bytes;
    std::size_t frames;
    ErrorCode code;
  };
  const Row rows[] = {
      {"nothing", "", 0, ErrorCode::closed},
      {"cut off", frame_bytes(2, "{}").substr(0, 7), 0, ErrorCode::closed},
      {"cut off in the head", frame_bytes(2, "{\"a\":1}").substr(0, 12), 0, ErrorCode::closed},
      {"one and a half", frame_bytes(2, "{}") + u32(7), 1, ErrorCode::closed},
      {"too long", u32(0xFFFFFFFF) + std::string(9, 'x'), 0, ErrorCode::too_large},
      {"too short", u32(2) + std::string(9, 'x'), 0, ErrorCode::too_large},
      {"a head longer than the frame", u32(7) + '\2' + u32(3) + "{}", 0, ErrorCode::malformed},
      {"a head that is no JSON", frame_bytes(2, "{]"), 0, ErrorCode::malformed},
      {"a kind that is none", frame_bytes(0, "{}"), 0, ErrorCode::malformed},
      {"a kind beyond all", frame_bytes(99, "{}"), 0, ErrorCode::malformed},
      {"an empty head is no JSON", frame_bytes(2, ""), 0, ErrorCode::malformed},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::vector<Frame> frames;
    CHECK(Pipe::received(row.bytes, frames) == row.code);
    CHECK(frames.size() == row.frames);
  }
}

TEST_CASE("a second whose figures are of the wrong kind is malformed") {
  const Frame good = frame_of(sample_second());
  REQUIRE(second_of(good));
  const Json values[] = {Json(), Json("x"), Json(Json::Object()), Json(Json::Array{Json(1)}),
                         Json(true)};
  for (const char* key : {"cpu", "lag", "last", "progress", "subjects"})
    for (const Json& value : values) {
      if (std::string_view(key) == "last" && value.is_bool()) continue;
      Frame bad = good;
      bad.head.set(key, value);
      CAPTURE(bad.head.dump());
      const auto second = second_of(bad);
      REQUIRE(!second);
      CHECK(second.error().code == ErrorCode::malformed);
    }
  for (Json head : {Json(), Json(5), Json(Json::Array()), Json(Json::Object())}) {
    Frame bad = good;
    bad.head = std::move(head);
    CHECK(!second_of(bad));
  }
  Frame bad = good;
  bad.tail.pop_back();
  CHECK(!second_of(bad));
}

TEST_CASE("a scenario's progress with any field missing or of another kind is malformed") {
  const Frame good = frame_of(sample_second());
  const Json fields = good.head.find("progress")->array()[0];
  const auto with = [&](Json scenario) {
    Frame frame = good;
    frame.head.set("progress", Json(Json::Array{std::move(scenario)}));
    return second_of(frame).has_value();
  };
  REQUIRE(with(fields));
  for (std::size_t i = 0; i < fields.array().size(); ++i) {
    CAPTURE(i);
    Json shorter = fields;
    shorter.array().resize(i);
    CHECK(!with(shorter));
    Json other = fields;
    other.array()[i] = Json(Json::Object());
    CHECK(!with(other));
  }
  Json executor = fields;
  executor.array()[1] = Json(200);
  CHECK(!with(executor));
  Json phase = fields;
  phase.array()[3] = Json(-1);
  CHECK(!with(phase));
  Json counts = fields;
  counts.array().back().array().pop_back();
  CHECK(!with(counts));
}

TEST_CASE("no bytes crash the receiver") {
  const std::string good = [] {
    const Frame frame = frame_of(sample_second());
    return frame_bytes(4, frame.head.dump(), frame.tail);
  }();
  Prng chance(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good + good;
    for (std::uint64_t flips = 1 + chance.next() % 4; flips > 0; --flips)
      bytes[chance.next() % bytes.size()] = static_cast<char>(chance.next());
    // A length that asks for more than will ever come only waits.
    std::vector<Frame> frames;
    (void)Pipe::received(bytes, frames);
    for (const Frame& frame : frames)
      if (frame.kind == FrameKind::second) (void)second_of(frame);
  }
}
