// The message server's storage: stopped at every step, without power, on a full disk, damaged.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "base/temporary_folder.h"
#include "service/messages/accumulator.h"
#include "service/messages/fake_disk.h"
#include "service/messages/message_verifier.h"
#include "service/messages/segment_writer.h"

using namespace brunt;

namespace {

constexpr std::uint64_t segment_bytes = 600;  // A few groups.

ByteView payload_of(std::uint32_t client, std::uint32_t sequence) {
  static std::string text;
  text = fmt::format("message {} of client {}", sequence, client);
  text.append(sequence % 40, '.');
  return as_bytes(text);
}

// A server's storage on a fake disk, driven step by step: two workers, one accumulator.
struct StorageWorld {
  explicit StorageWorld(std::uint64_t seed, bool is_synced) : disk(seed), sync(is_synced) {}

  // One life of a server: until `groups` groups are stored or something fails.
  void live(int groups) {
    ++generation;
    AccumulatorStats stats;
    auto outputs = disk.folder("out");
    auto segments = disk.folder("segments");
    auto accumulator =
        MessageAccumulator::open(*outputs, *segments, {.output = "all", .sync = sync}, stats);
    if (!accumulator) return;
    std::vector<SegmentWriter> writers;
    for (std::uint16_t worker = 0; worker < 2; ++worker)
      writers.emplace_back(*segments, stats.output_bytes,
                           SegmentWriterOptions{.generation = generation,
                                                .worker = worker,
                                                .sync_each = sync,
                                                .segment_bytes_max = segment_bytes});
    for (int group = 0; group < groups; ++group) {
      const auto worker = static_cast<std::uint32_t>(group % 2);
      if (!store(writers[worker], worker + 1)) return;
      if (group % 5 == 4 && !(*accumulator)->accumulate()) return;
    }
    for (auto& writer : writers)
      if (!writer.finish()) return;
    if (!(*accumulator)->accumulate()) return;
    ended_well = true;
  }

  bool store(SegmentWriter& writer, std::uint32_t client) {
    RecordBuffer group;
    const std::uint32_t first = next[client];
    for (std::uint32_t i = 0; i < 3; ++i, ++next[client])
      append_stored(group, {.client = client,
                            .sequence = next[client],
                            .received_unix_ns = ++clock_ns,
                            .payload = payload_of(client, next[client])});
    if (!writer.append(group.view())) return false;
    for (std::uint32_t sequence = first; sequence < next[client]; ++sequence)
      acknowledged.emplace(client, sequence);
    return true;
  }

  VerifyReport verify() {
    auto outputs = disk.folder("out");
    auto file = outputs->open("all", FolderOpen::existing);
    REQUIRE(file);
    stored.clear();
    for (ByteView rest = disk.content("out/all"); !rest.empty();) {
      if (const auto message = take_stored(rest)) {
        stored.emplace(message->client, message->sequence);
        CHECK(as_text(message->payload) == as_text(payload_of(message->client, message->sequence)));
      } else {
        rest = rest.subspan(std::max<std::size_t>(1, decode_stored_head(rest) ? 48 : 1));
      }
    }
    return *verify_messages(**file, {});
  }

  bool keeps_its_promise() { return std::ranges::includes(stored, acknowledged); }

  FakeDisk disk;
  bool sync;
  std::uint64_t generation = 100;
  std::int64_t clock_ns = 0;
  bool ended_well = false;
  std::map<std::uint32_t, std::uint32_t> next;
  std::set<std::pair<std::uint32_t, std::uint32_t>> acknowledged, stored;
};

void check_sound(StorageWorld& world) {
  const VerifyReport report = world.verify();
  CHECK(report.damaged_bytes == 0);
  CHECK(report.duplicated == 0);
  CHECK(report.reordered == 0);
  CHECK(world.keeps_its_promise());
  CHECK(world.ended_well);
  // What a power cut left of a group that was being flushed looks like damage, and is kept aside.
  for (const std::string& path : world.disk.paths())
    CHECK((!path.starts_with("segments/") || path.ends_with(damaged_ending)));
}

constexpr int groups_of_a_life = 24;

std::uint64_t changes_of_a_life(bool sync) {
  StorageWorld world(1, sync);
  world.live(groups_of_a_life);
  REQUIRE(world.ended_well);
  return world.disk.changes();
}

}  // namespace

TEST_CASE("a server that was never stopped has every message once") {
  for (const bool sync : {false, true}) {
    StorageWorld world(1, sync);
    world.live(groups_of_a_life);
    check_sound(world);
    CHECK(world.acknowledged.size() == 3u * groups_of_a_life);
    CHECK(world.stored.size() == world.acknowledged.size());
  }
}

TEST_CASE(
    "killed at any step, and again while it recovers, nothing acknowledged is lost or twice") {
  for (const bool sync : {false, true}) {
    const std::uint64_t changes = changes_of_a_life(sync);
    for (std::uint64_t step = 0; step < changes; ++step)
      for (std::uint64_t again = 0; again < 8; ++again) {
        CAPTURE(step);
        CAPTURE(again);
        StorageWorld world(step, sync);
        world.disk.stop_after(step);
        world.live(groups_of_a_life);
        REQUIRE(world.disk.is_stopped());
        world.disk.restart();
        world.disk.stop_after(again);
        world.live(0);
        world.disk.restart();
        world.ended_well = false;
        world.live(4);
        check_sound(world);
      }
  }
}

TEST_CASE("after a power cut at any step, what was acknowledged after a flush is there once") {
  const std::uint64_t changes = changes_of_a_life(true);
  for (std::uint64_t step = 0; step < changes; ++step)
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
      CAPTURE(step);
      CAPTURE(seed);
      StorageWorld world(step * 100 + seed, true);
      world.disk.stop_after(step);
      world.live(groups_of_a_life);
      REQUIRE(world.disk.is_stopped());
      world.disk.restart();
      world.disk.cut_power();
      if (seed % 2 == 1) {
        world.disk.stop_after(seed / 2);
        world.live(0);
        world.disk.restart();
        world.disk.cut_power();
      }
      world.ended_well = false;
      world.live(4);
      check_sound(world);
    }
}

TEST_CASE("after a power cut without flushes a server starts, and stores what comes then") {
  const std::uint64_t changes = changes_of_a_life(false);
  for (std::uint64_t step = 0; step < changes; ++step) {
    StorageWorld world(step, false);
    world.disk.stop_after(step);
    world.live(groups_of_a_life);
    world.disk.restart();
    world.disk.cut_power();
    world.acknowledged.clear();
    world.ended_well = false;
    world.live(4);
    CHECK(world.ended_well);
    world.verify();
    CHECK(world.keeps_its_promise());
  }
}

TEST_CASE("on a full disk nothing is acknowledged, and it goes on when there is room") {
  for (const bool sync : {false, true}) {
    StorageWorld world(3, sync);
    AccumulatorStats stats;
    auto outputs = world.disk.folder("out");
    auto segments = world.disk.folder("segments");
    auto accumulator =
        MessageAccumulator::open(*outputs, *segments, {.output = "all", .sync = sync}, stats);
    REQUIRE(accumulator);
    SegmentWriter writer(*segments, stats.output_bytes,
                         {.generation = 1, .sync_each = sync, .segment_bytes_max = segment_bytes});
    int refused = 0;
    for (int round = 0; round < 200; ++round) {
      world.disk.set_room(round % 40 < 20 ? 700 + round * 5 : 100'000);
      const std::uint32_t before = world.next[1];
      if (!world.store(writer, 1)) {
        ++refused;
        world.next[1] = before;  // The same again.
      }
      static_cast<void>((*accumulator)->accumulate());
    }
    CHECK(refused > 10);
    CHECK(stats.failures.get() > 0);
    world.disk.set_room(std::nullopt);
    CHECK(writer.finish());
    CHECK((*accumulator)->accumulate());
    world.ended_well = true;
    check_sound(world);
    CHECK(world.stored == world.acknowledged);
  }
}

TEST_CASE("a flush that fails is not trusted, and the group is stored in another segment") {
  StorageWorld world(3, true);
  AccumulatorStats stats;
  auto outputs = world.disk.folder("out");
  auto segments = world.disk.folder("segments");
  auto accumulator =
      MessageAccumulator::open(*outputs, *segments, {.output = "all", .sync = true}, stats);
  SegmentWriter writer(*segments, stats.output_bytes, {.generation = 1, .sync_each = true});
  REQUIRE(world.store(writer, 1));
  world.disk.fail_syncs(1);
  const std::uint32_t before = world.next[1];
  CHECK(!world.store(writer, 1));
  world.next[1] = before;
  CHECK(world.store(writer, 1));
  CHECK(writer.finish());
  CHECK(*(*accumulator)->accumulate() == 2);
  world.ended_well = true;
  check_sound(world);
}

TEST_CASE("a segment that is damaged on the disk gives what is intact and is kept aside") {
  StorageWorld world(3, false);
  AccumulatorStats stats;
  auto outputs = world.disk.folder("out");
  auto segments = world.disk.folder("segments");
  {
    SegmentWriter writer(*segments, stats.output_bytes, {.generation = 1});
    for (int group = 0; group < 4; ++group) REQUIRE(world.store(writer, 1));
  }
  const std::string open = "segments/" + segment_name({.generation = 1}, open_ending);
  world.disk.content(open)[stored_head_bytes + 80] ^= std::byte{1};
  auto accumulator = MessageAccumulator::open(*outputs, *segments, {.output = "all"}, stats);
  REQUIRE(accumulator);
  const VerifyReport report = world.verify();
  CHECK(report.messages == 11);
  CHECK(report.lost == 1);
  CHECK(report.damaged_bytes == 0);
  CHECK(stats.damaged_bytes.get() > 0);
  CHECK((*accumulator)->take_warnings().size() == 1);
  CHECK(world.disk.has("segments/" + segment_name({.generation = 1}, damaged_ending)));
}

TEST_CASE("damage in the output is found, and nothing behind it is lost by it") {
  StorageWorld world(3, false);
  world.live(groups_of_a_life);
  world.disk.content("out/all")[700] ^= std::byte{1};
  const VerifyReport report = world.verify();
  CHECK(report.damaged_places == 1);
  CHECK(report.damaged_bytes > 0);
  CHECK(*report.first_damage <= 700);
  CHECK(report.lost + report.messages == 3u * groups_of_a_life);
  CHECK(report.lost <= 2);
  world.disk.content("out/all").resize(5000);
  CHECK(world.verify().damaged_bytes > 0);
}

TEST_CASE("the segments of a process that has ended are taken over, open ones too") {
  StorageWorld world(3, false);
  AccumulatorStats stats;
  auto outputs = world.disk.folder("out");
  auto segments = world.disk.folder("segments");
  auto accumulator = MessageAccumulator::open(*outputs, *segments, {.output = "all"}, stats);
  SegmentWriter dead(*segments, stats.output_bytes, {.generation = 1, .process = 2});
  SegmentWriter alive(*segments, stats.output_bytes, {.generation = 1, .process = 1});
  REQUIRE(world.store(dead, 1));
  REQUIRE(world.store(alive, 2));
  CHECK(*(*accumulator)->accumulate() == 0);
  CHECK(*(*accumulator)->adopt(1, 2) == 1);
  CHECK(world.verify().messages == 3);
  REQUIRE(world.store(alive, 2));
  CHECK(alive.finish());
  CHECK(*(*accumulator)->accumulate() == 1);
  world.ended_well = true;
  check_sound(world);
}

TEST_CASE("names of segments are read back, and other files are left alone") {
  const SegmentId id{.generation = 0x1234, .process = 3, .worker = 9, .number = 77};
  CHECK(parse_segment_name(segment_name(id, open_ending)) == id);
  CHECK(parse_segment_name(segment_name(id, finished_ending)) == id);
  CHECK(!parse_segment_name(segment_name(id, damaged_ending)));
  for (const char* name : {"lock", "", "a.open", "1-2-3.open", "1-2-3-4-5.open", "1-2-3-x.segment"})
    CHECK(!parse_segment_name(name));
}

TEST_CASE("the same works on a real folder") {
  std::string path;
  {
    const TemporaryFolder place = TemporaryFolder::make("brunt-store").value();
    path = place.path().string();
    auto folder = open_folder(path);
    REQUIRE(folder);
    AccumulatorStats stats;
    auto accumulator =
        MessageAccumulator::open(**folder, **folder, {.output = "all", .sync = true}, stats);
    REQUIRE(accumulator);
    SegmentWriter writer(**folder, stats.output_bytes, {.generation = 1, .sync_each = true});
    StorageWorld world(1, true);
    REQUIRE(world.store(writer, 1));
    CHECK(writer.finish());
    CHECK(*(*accumulator)->accumulate() == 1);
    CHECK((*folder)->names()->size() == 1);
    auto file = (*folder)->open("all", FolderOpen::existing);
    CHECK(verify_messages(**file, {})->messages == 3);
  }
  const auto missing = open_folder(path);
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::not_found);
}
