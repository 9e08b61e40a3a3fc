// Messages as a plan sends them: who the client is, the numbers they carry, what is measured, and
// what a plan may say about it. On the simulated network: 10 ms each way.
#include "step/frame_runner.h"

#include <doctest/doctest.h>

#include "step/step_test_world.h"

using namespace brunt;

namespace {

struct Received {
  std::uint64_t client = 0, message = 0;
  std::string payload;
  int connection = 0;
  friend bool operator==(const Received&, const Received&) = default;
};

// A message server that acknowledges everything, after `acknowledge` has had its way.
struct MessageWorld : StepWorld {
  FrameLayout layout;
  std::vector<Received> received;
  std::function<void(Peer&, FrameAck&)> acknowledge;

  MessageWorld() {
    serve_raw = [this](Peer& peer) {
      FrameRequestDecoder decoder(layout);
      while (true) {
        const std::string byte = peer.bytes(1);
        if (byte.empty()) return;
        ByteView input = as_bytes(byte);
        const auto request = decoder.next(input);
        REQUIRE(request);
        if (!*request) continue;
        received.push_back({(*request)->client_id, (*request)->message_id,
                            std::string(as_text((*request)->payload)), peer.number});
        FrameAck ack{(*request)->client_id, (*request)->message_id};
        if (acknowledge) acknowledge(peer, ack);
        std::string bytes;
        REQUIRE(append_frame_ack(bytes, layout, ack));
        if (!peer.send(bytes)) return;
      }
    };
  }
};

std::string reading_error(const std::string& scenario, const std::string& target) {
  const auto plan = read_plan("name: test\nscenarios:\n  s:\n    " + target +
                                  "executor: per-vu-iterations\n    vus: 1\n    " + scenario + "\n",
                              "test.yaml", {});
  return plan ? "" : plan.error().text();
}

}  // namespace

TEST_CASE("a client is its VU and its messages carry running numbers over one connection") {
  MessageWorld world;
  world.play(plan_of(R"(steps: [ { frame: "message ${iteration} of ${vu_in_scenario}" } ])"),
             {.vus = 2, .iterations = 2});
  CHECK(world.received == std::vector<Received>{{1, 1, "message 0 of 1", 0},
                                                {1, 2, "message 1 of 1", 0},
                                                {2, 1, "message 0 of 2", 1},
                                                {2, 2, "message 1 of 2", 1}});
  CHECK(world.told.empty());
  CHECK(world.sum("frame_reqs", {{"name", "message"}, {"scenario", "s"}}) == 4);
  CHECK(world.count("frame_req_failed") == 4);
  CHECK(world.sum("frame_req_failed") == 0);
  CHECK(world.mean("frame_req_duration") == doctest::Approx(20));
  CHECK(world.count("setup_time") == 2);
  CHECK(world.mean("setup_time") == doctest::Approx(20));
  CHECK(world.sum("data_sent") == 4 * (10 + 14));
  CHECK(world.sum("data_received") == 4 * 8);
}

TEST_CASE("steps of one scenario share the connection and the sequence of their client") {
  MessageWorld world;
  world.play(plan_of(R"(steps:
      - { frame: a }
      - { frame: b, name: second }
      - { frame: c, client_id: "${100 + vu}" })"));
  CHECK(world.received == std::vector<Received>{{1, 1, "a", 0}, {1, 2, "b", 0}, {101, 1, "c", 1}});
  CHECK(world.sum("frame_reqs", {{"name", "second"}}) == 1);
}

TEST_CASE("a payload may be asked for by its size") {
  MessageWorld world;
  world.play(plan_of(R"(steps:
      - { frame: { size: 32 } }
      - { frame: { size: "${2 * vu}" } }
      - { frame: { size: 100 } })"));
  REQUIRE(world.received.size() == 3);
  CHECK(world.received[0].payload == "the quick brown fox jumps over t");
  CHECK(world.received[1].payload == "th");
  CHECK(world.received[2].payload.size() == 100);
}

TEST_CASE("the layout is the plan's") {
  MessageWorld world;
  world.layout = FrameLayout::original();
  world.layout.payload_bytes_max = 1000;
  world.play(plan_of(R"(steps:
      - { frame: { size: 400 }, layout: { like: original, payload_max: 1000 } })"));
  REQUIRE(world.received.size() == 1);
  CHECK(world.received[0].payload.size() == 400);

  MessageWorld own;
  own.layout = {.client_id_bytes = 0,
                .message_id_bytes = 1,
                .length_bytes = 4,
                .padding_bytes = 3,
                .request_order = ByteOrder::little,
                .ack_order = ByteOrder::little};
  own.play(plan_of(R"(steps:
      - frame: hello
        layout: { client_id: 0, message_id: 1, length: 4, padding: 3, requests: little, acks: little })"),
           {.iterations = 257});
  REQUIRE(own.received.size() == 257);
  CHECK(own.received[254].message == 255);
  CHECK(own.received[255].message == 0);
  CHECK(own.received[256].message == 1);
  CHECK(own.sum("frame_req_failed") == 0);
}

TEST_CASE(
    "a wrong ACK is a failed message with its cause and the next one goes on with its number") {
  MessageWorld world;
  world.acknowledge = [](Peer&, FrameAck& ack) {
    if (ack.message_id == 2) ack.client_id = 9;
    if (ack.message_id == 3) ack.message_id = 1;
  };
  world.play(plan_of("steps: [ { frame: hi } ]"), {.iterations = 4});
  CHECK(world.received ==
        std::vector<Received>{{1, 1, "hi", 0}, {1, 2, "hi", 0}, {1, 3, "hi", 1}, {1, 4, "hi", 2}});
  CHECK(world.sum("frame_req_failed") == 2);
  CHECK(world.sum("frame_reqs", {{"error", "wrong ACK: another client"},
                                 {"error_code", "1000"},
                                 {"expected_response", "false"}}) == 1);
  CHECK(world.sum("frame_reqs", {{"error", "wrong ACK: an earlier message"}}) == 1);
  CHECK(world.sum("step_errors") == 0);
}

TEST_CASE("a message without an ACK times out and the iteration goes on") {
  MessageWorld world;
  world.acknowledge = [](Peer& peer, FrameAck& ack) {
    if (ack.message_id == 1) peer.hang();
  };
  world.play(plan_of("steps: [ { frame: a, timeout: 2s }, { frame: b } ]"));
  CHECK(world.sum("frame_reqs", {{"error", "request timeout"}, {"error_code", "1050"}}) == 1);
  CHECK(world.sum("frame_reqs", {{"expected_response", "true"}}) == 1);
}

TEST_CASE("in an open model response times count from when a message was due") {
  MessageWorld world;
  world.play(open_plan_of("steps: [ { frame: hi } ]"), {.iterations = 2, .lateness = 100ms});
  CHECK(world.count("response_time") == 2);
  // Connecting takes 20 ms, once.
  CHECK(world.mean("response_time") == doctest::Approx(100 + 20 + 10));
}

TEST_CASE("a scenario may ask for figures of each client") {
  MessageWorld world;
  world.acknowledge = [](Peer& peer, FrameAck& ack) {
    if (ack.message_id == 2) peer.sleep(8ms);
    if (ack.message_id == 3) ack.message_id = 9;
  };
  world.play(plan_of(R"(subjects: client
    steps: [ { frame: hi, client_id: "${70 + vu}" } ])"),
             {.vus = 2, .iterations = 3});
  REQUIRE(world.subjects.size() == 6);
  CHECK(world.subjects[3].subject == "72");
  CHECK(world.subjects[0].subject == "71");
  CHECK(world.subjects[0].metric == "setup_time");
  CHECK(world.subjects[0].value == doctest::Approx(20));
  CHECK(world.subjects[1].metric == "frame_req_duration.median");
  CHECK(world.subjects[1].value == doctest::Approx(24));
  // What was not acknowledged as it should be has no place in a median.
  CHECK(world.subjects[2].metric == "frame_req_duration.count");
  CHECK(world.subjects[2].value == 2);
  MessageWorld silent;
  silent.play(plan_of("steps: [ { frame: hi } ]"));
  CHECK(silent.subjects.empty());
}

TEST_CASE("a client id that is no number ends the iteration and says why") {
  MessageWorld world;
  world.play(plan_of(R"(steps: [ { frame: hi, client_id: "${scenario}" } ])"));
  CHECK(world.told == std::vector<std::string>{
                          R"(frame message: client_id has to be a whole number from 0, not "s")"});
  CHECK(world.sum("step_errors") == 1);
}

TEST_CASE("two messages of one client at once are refused") {
  MessageWorld world;
  world.play(plan_of("steps: [ { parallel: [ { frame: a }, { frame: b } ] } ]"));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].starts_with("frame message: a client's messages go one after the other"));
}

TEST_CASE("what a plan says wrongly about a message is refused where it stands") {
  struct Row {
    std::string step, target, error;
  };
  const std::string here = "target: localhost:14000\n    ";
  const Row rows[] = {
      {"{ frame: hi }", here, ""},
      {"{ frame: hi }", "target: tcp://localhost:14000\n    ", ""},
      {"{ frame: hi, target: localhost:14000 }", "", ""},
      {"{ frame: hi }", "", "the scenario has no target"},
      {"{ frame: hi, target: localhost }", "", "\"localhost\" has no port"},
      {"{ frame: '' }", here, "a message without a payload"},
      {"{ frame: { sise: 3 } }", here, "did you mean \"size\""},
      {"{ frame: { size: 257 } }", here,
       "a payload of 257 bytes is not within the layout's 1 to 256"},
      {"{ frame: hi, layout: orignal }", here, "did you mean \"original\""},
      {"{ frame: hi, layout: { client_id: 3 } }", here, "the client id has 0, 1, 2, 4, or 8 bytes"},
      {"{ frame: hi, layout: { acks: middle } }", here, "\"middle\" is no byte order"},
      {"{ frame: hi, check: { status: 200 } }", here, "check"},
      {"{ GET: /x }", here, "\"localhost:14000\" has no scheme"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.step);
    const std::string error = reading_error("steps: [ " + row.step + " ]", row.target);
    if (row.error.empty())
      CHECK(error == "");
    else
      CHECK(error.find(row.error) != std::string::npos);
    CAPTURE(error);
  }
}
