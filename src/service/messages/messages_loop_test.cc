// One worker of the message server in virtual time, over the simulated network and a disk in
// memory.
#include "service/messages/messages_loop.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "service/messages/accumulator.h"
#include "service/messages/fake_disk.h"
#include "service/messages/message_verifier.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

class MessagesWorld;

// A client that speaks the protocol, or whatever bytes it is told to.
class MessageClient {
 public:
  MessageClient(Fiber& self, const Endpoint& to, const FrameLayout& layout)
      : self_(self), layout_(layout), acks_(layout) {
    auto stream = self.loop().connect(self, {.to = to, .from = {}}, self.now() + 1h);
    REQUIRE(stream);
    stream_ = std::move(*stream);
  }

  std::string bytes_of(std::uint32_t client, std::uint32_t first, std::uint32_t count,
                       std::string_view text = "a text of some length") const {
    std::string out;
    for (std::uint32_t i = 0; i < count; ++i)
      REQUIRE(append_frame_request(
          out, layout_, {.client_id = client, .message_id = first + i, .payload = as_bytes(text)}));
    return out;
  }

  void send(std::string_view bytes) {
    REQUIRE(stream_->send(self_, as_bytes(bytes), self_.now() + 1h));
  }

  // nullopt: the server closed, or `wait` is over.
  std::optional<FrameAck> ack(Duration wait = 1h) {
    const Instant deadline = self_.now() + wait;
    for (;;) {
      ByteView view = as_bytes(rest_);
      const auto ack = acks_.next(view);
      rest_ = as_text(view);
      if (ack) return ack;
      const auto bytes = stream_->receive(self_, deadline);
      if (!bytes || bytes->empty()) return std::nullopt;
      rest_ = as_text(*bytes);
    }
  }

  std::uint32_t count_acks() {
    std::uint32_t count = 0;
    while (ack()) ++count;
    return count;
  }

  bool closed(Duration wait) { return !ack(wait) && stream_closed(wait); }
  void finish() { stream_->finish(); }
  void hang_up() { stream_.reset(); }

 private:
  bool stream_closed(Duration wait) {
    const auto bytes = stream_->receive(self_, self_.now() + wait);
    return bytes ? bytes->empty() : bytes.error().code == ErrorCode::reset;
  }

  Fiber& self_;
  FrameLayout layout_;
  FrameAckDecoder acks_;
  std::unique_ptr<Stream> stream_;
  std::string rest_;
};

class MessagesWorld {
 public:
  explicit MessagesWorld(const std::function<void(MessagesOptions&)>& change = {}) : disk(7) {
    options.layout = FrameLayout::brunt();
    options.backend = BackendKind::simulated;
    if (change) change(options);
  }

  // Runs `story` on a fiber beside the server, which is stopped when it returns.
  void run(const std::function<void(Fiber&)>& story) {
    auto loop = Loop::create({.backend = BackendKind::simulated, .network = network});
    REQUIRE(loop);
    segments = disk.folder("segments");
    writer.emplace(
        *segments, stats.output_bytes,
        SegmentWriterOptions{.generation = 1,
                             .sync_each = options.durability == Durability::ack_after_fsync});
    auto made = MessagesLoop::create(**loop, Endpoint::loopback(0),
                                     {.options = options,
                                      .writer = *writer,
                                      .counters = counters,
                                      .sessions = sessions,
                                      .sessions_max = sessions_max});
    REQUIRE(made);
    server = std::move(*made);
    endpoint = server->endpoint();
    REQUIRE((*loop)->spawn("server", [&](Fiber& self) { server->run(self); }));
    REQUIRE((*loop)->spawn("story", [&](Fiber& self) {
      story(self);
      server->stop(10s);
    }));
    (*loop)->run();
    CHECK(sessions.load() == 0);
    CHECK(counters.sessions_open.get() == 0);
    server.reset();
  }

  MessageClient client(Fiber& self) { return {self, endpoint, options.layout}; }

  VerifyReport accumulate() {
    auto outputs = disk.folder("out");
    auto accumulator = MessageAccumulator::open(*outputs, *segments, {.output = "all"}, stats);
    REQUIRE(accumulator);
    CHECK((*accumulator)->take_warnings().empty());
    auto file = outputs->open("all", FolderOpen::existing);
    return *verify_messages(**file, {});
  }

  FakeDisk disk;
  MessagesOptions options;
  SimulatedNetwork network;
  MessagesCounters counters;
  AccumulatorStats stats;
  std::atomic<std::uint32_t> sessions{0};
  std::uint32_t sessions_max = 1000;
  std::unique_ptr<Folder> segments;
  std::optional<SegmentWriter> writer;
  std::unique_ptr<MessagesLoop> server;
  Endpoint endpoint;
};

}  // namespace

TEST_CASE("messages are stored and acknowledged in order, in every durability and split") {
  for (const Durability durability :
       {Durability::ack_after_write, Durability::ack_after_fsync, Durability::lazy}) {
    MessagesWorld world([&](MessagesOptions& options) { options.durability = durability; });
    world.network = {.one_way_delay_max = 3ms, .split_probability = 0.5};
    world.run([&](Fiber& self) {
      FiberGroup group(self.loop());
      for (std::uint32_t id = 1; id <= 20; ++id)
        REQUIRE(group.spawn("client", [&, id](Fiber& fiber) {
          auto client = world.client(fiber);
          for (std::uint32_t number = 1; number <= 30; ++number) {
            client.send(client.bytes_of(id, number, 1));
            CHECK(client.ack() == FrameAck{.client_id = id, .message_id = number});
          }
        }));
      CHECK(group.join(self));
    });
    const VerifyReport report = world.accumulate();
    CHECK(report.is_sound());
    CHECK(report.messages == 600);
    CHECK(report.clients == 20);
    CHECK(world.counters.acknowledged.get() == 600);
  }
}

TEST_CASE("what many clients send at the same time is one group") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    std::vector<MessageClient> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(world.client(self));
    for (std::uint32_t id = 1; id <= 50; ++id)
      clients[id - 1].send(clients[id - 1].bytes_of(id, 1, 2));
    for (auto& client : clients) CHECK((client.ack() && client.ack()));
  });
  CHECK(world.counters.groups.get() <= 2);
  CHECK(world.accumulate().messages == 100);
}

TEST_CASE("an acknowledged message bears a power cut where that is promised") {
  for (std::uint32_t cut_after = 1; cut_after < 40; ++cut_after) {
    MessagesWorld world(
        [](MessagesOptions& options) { options.durability = Durability::ack_after_fsync; });
    world.disk = FakeDisk(cut_after);
    world.run([&](Fiber& self) {
      auto client = world.client(self);
      for (std::uint32_t number = 1; number <= cut_after; ++number) {
        client.send(client.bytes_of(1, number, 1));
        REQUIRE(client.ack());
      }
      client.send(client.bytes_of(1, cut_after + 1, 5));
      world.disk.cut_power();
    });
    CHECK(world.accumulate().messages >= cut_after);
  }
}

TEST_CASE("a length beyond the maximum or of zero ends the session, after what came before it") {
  for (const std::string_view wrong : {std::string_view("\0\0\0\1\0\0\0\3\1\1", 10),
                                       std::string_view("\0\0\0\1\0\0\0\3\0\0", 10)}) {
    MessagesWorld world;
    world.run([&](Fiber& self) {
      auto client = world.client(self);
      client.send(client.bytes_of(1, 1, 2) + std::string(wrong));
      CHECK(client.count_acks() == 2);
      CHECK(client.closed(1s));
      // The others do not notice.
      auto other = world.client(self);
      other.send(other.bytes_of(2, 1, 1));
      CHECK(other.ack());
    });
    CHECK(world.counters.sessions_malformed.get() == 1);
    CHECK(world.accumulate().messages == 3);
  }
}

TEST_CASE("a client that stops in the middle of a header is closed when its time is over") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    client.send(client.bytes_of(1, 1, 1) + "\1\2\3");
    CHECK(client.ack());
    const Instant before = self.now();
    CHECK(client.closed(1h));
    CHECK(self.now() - before >= world.options.limits.session_timeout - 1s);
    CHECK(self.now() - before <= world.options.limits.session_timeout + 1s);
  });
  CHECK(world.counters.sessions_timed_out.get() == 1);
}

TEST_CASE("a client that ends in the middle of a message is counted, and stores nothing of it") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    const std::string bytes = client.bytes_of(1, 1, 2);
    client.send(std::string_view(bytes).substr(0, bytes.size() - 1));
    CHECK(client.ack());
    client.hang_up();
    REQUIRE(self.sleep(1s));
  });
  CHECK(world.counters.sessions_torn.get() == 1);
  CHECK(world.accumulate().messages == 1);
}

TEST_CASE("a client that has finished sending gets all its ACKs, and then the end") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    client.send(client.bytes_of(1, 1, 2000));
    client.finish();
    CHECK(client.count_acks() == 2000);
  });
  CHECK(world.accumulate().messages == 2000);
  CHECK(world.counters.sessions_cut.get() == 0);
}

TEST_CASE("numbers that go backwards are stored, acknowledged and counted") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    for (const std::uint32_t number : {1u, 5u, 3u, 3u}) {
      client.send(client.bytes_of(1, number, 1));
      CHECK(client.ack()->message_id == number);
    }
  });
  CHECK(world.counters.backward.get() == 2);
  const VerifyReport report = world.accumulate();
  CHECK(report.messages == 4);
  CHECK(report.duplicated == 1);
  CHECK(report.reordered == 1);
  CHECK(report.lost == 2);
}

TEST_CASE("on a full disk nobody gets an ACK, and all get theirs when there is room") {
  for (const Durability durability : {Durability::ack_after_write, Durability::ack_after_fsync}) {
    MessagesWorld world([&](MessagesOptions& options) { options.durability = durability; });
    world.run([&](Fiber& self) {
      auto client = world.client(self);
      client.send(client.bytes_of(1, 1, 1));
      CHECK(client.ack());
      world.disk.set_room(150);
      client.send(client.bytes_of(1, 2, 10));
      CHECK(!client.ack(30s));
      CHECK(world.counters.refusing.get() == 1);
      CHECK(world.server->refusal()->text.find("full") != std::string::npos);
      world.disk.set_room(std::nullopt);
      for (std::uint32_t number = 2; number <= 11; ++number)
        CHECK(client.ack(5s)->message_id == number);
      CHECK(world.counters.refusing.get() == 0);
    });
    const VerifyReport report = world.accumulate();
    CHECK(report.is_sound());
    CHECK(report.messages == 11);
  }
}

TEST_CASE("a server that is stopped while the disk is full ends, and acknowledged nothing") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    world.disk.set_room(0);
    auto client = world.client(self);
    client.send(client.bytes_of(1, 1, 1));
    CHECK(!client.ack(5s));
  });
  CHECK(world.counters.acknowledged.get() == 0);
  CHECK(world.counters.group_failures.get() > 1);
}

TEST_CASE("in the lazy mode the ACK does not wait for the disk, up to a limit") {
  MessagesWorld world([](MessagesOptions& options) {
    options.durability = Durability::lazy;
    options.limits.group_bytes_max = 10'000;
  });
  world.run([&](Fiber& self) {
    world.disk.set_room(0);
    auto client = world.client(self);
    std::uint32_t number = 0;
    do {
      client.send(client.bytes_of(1, ++number, 1));
    } while (client.ack(5s));
    // One group was taken while the disk refused, the other gathers: no more fits.
    CHECK(number * 45 >= 10'000);
    CHECK(number * 45 <= 21'000);
    world.disk.set_room(std::nullopt);
    CHECK(client.ack(5s));
  });
  CHECK(world.accumulate().is_sound());
}

TEST_CASE("one who sends thousands at once does not keep the others waiting") {
  MessagesWorld world([](MessagesOptions& options) { options.limits.messages_per_turn = 10; });
  world.run([&](Fiber& self) {
    auto greedy = world.client(self);
    auto modest = world.client(self);
    greedy.send(greedy.bytes_of(1, 1, 1000));
    modest.send(modest.bytes_of(2, 1, 1));
    CHECK(modest.ack());
    CHECK(world.counters.acknowledged.get() < 200);
    for (int i = 0; i < 1000; ++i) REQUIRE(greedy.ack());
  });
  CHECK(world.accumulate().is_sound());
}

TEST_CASE(
    "beyond the limit of sessions a client reads the end, and room that is free again is used") {
  MessagesWorld world;
  world.sessions_max = 2;
  world.run([&](Fiber& self) {
    auto first = world.client(self);
    auto second = world.client(self);
    CHECK(world.client(self).closed(1s));
    CHECK(world.counters.sessions_refused.get() == 1);
    second.hang_up();
    REQUIRE(self.sleep(1s));
    auto third = world.client(self);
    third.send(third.bytes_of(3, 1, 1));
    CHECK(third.ack());
  });
}

TEST_CASE("a stopped server stores and acknowledges what has come, and closes who is idle") {
  MessagesWorld world;
  world.options.durability = Durability::ack_after_fsync;
  world.run([&](Fiber& self) {
    auto idle = world.client(self);
    auto busy = world.client(self);
    busy.send(busy.bytes_of(1, 1, 5));
    REQUIRE(self.sleep(1ms));
    world.server->stop(10s);
    CHECK(busy.count_acks() == 5);
    CHECK(idle.closed(1s));
  });
  CHECK(world.accumulate().messages == 5);
}

TEST_CASE("the bytes of the original project are understood and answered") {
  MessagesWorld world([](MessagesOptions& options) { options.layout = FrameLayout::original(); });
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    client.send(client.bytes_of(249, 2490, 1, "thirty-two bytes of text, exactly"));
    CHECK(client.ack() == FrameAck{.client_id = 249, .message_id = 2490});
  });
  CHECK(world.accumulate().messages == 1);
}

TEST_CASE("a segment is finished when it is old, so that its messages come to the output soon") {
  MessagesWorld world;
  world.run([&](Fiber& self) {
    auto client = world.client(self);
    client.send(client.bytes_of(1, 1, 1));
    CHECK(client.ack());
    REQUIRE(self.sleep(world.options.segment_age_max + 100ms));
    CHECK(world.disk.has("segments/" + segment_name({.generation = 1}, finished_ending)));
  });
}
