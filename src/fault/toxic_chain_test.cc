#include "fault/toxic_chain.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace brunt {
namespace {

using namespace std::chrono_literals;

// What came out: each piece as "when: text", when in ms.
struct ChainWorld {
  explicit ChainWorld(std::vector<Toxic> its_toxics, std::uint64_t seed = 1)
      : chain(pool, Prng(seed), {.opened = start, .established = start}),
        toxics(std::move(its_toxics)) {
    chain.set(toxics, start);
  }

  void take(std::string_view text, Duration when = 0ms) {
    chain.take(as_bytes(text), start + when);
  }

  std::string all_text() {
    std::string out;
    for (; chain.front() != nullptr; chain.pop()) out += as_text(chain.front()->bytes);
    return out;
  }

  Duration due() const { return chain.front()->due - start; }

  static constexpr Instant start{1h};
  PiecePool pool;
  ToxicChain chain;
  std::vector<Toxic> toxics;
};

std::string numbered_text(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

}  // namespace

TEST_CASE("A chain without toxics passes bytes at once") {
  ChainWorld world({});
  CHECK(world.chain.idle());
  world.take("ab");
  CHECK(world.due() == 0ms);
  CHECK(world.all_text() == "ab");
}

TEST_CASE("Latency makes each byte late, also the end") {
  ChainWorld world({{.type = ToxicType::latency, .delay = 77ms}});
  world.take("ab");
  world.take("cd", 5ms);
  world.chain.end(PieceEnd::finish, ChainWorld::start + 6ms);
  CHECK(world.due() == 77ms);
  world.chain.pop();
  CHECK(world.due() == 82ms);
  world.chain.pop();
  CHECK(world.due() == 83ms);
  CHECK(world.chain.front()->end == PieceEnd::finish);
}

TEST_CASE("Jitter of either shape never reorders bytes, and stays around the delay") {
  for (const JitterShape shape : {JitterShape::uniform, JitterShape::normal}) {
    ChainWorld world({{.type = ToxicType::latency, .delay = 50ms, .jitter = 40ms, .shape = shape}});
    std::string sent;
    Instant last{};
    double sum = 0;
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i) + " ";
      sent += text;
      world.chain.take(as_bytes(text), ChainWorld::start + i * 200ms);
      CHECK(world.chain.front()->due >= last);
      last = world.chain.front()->due;
      sum += seconds_of(last - (ChainWorld::start + i * 200ms));
      CHECK(as_text(world.chain.front()->bytes) == text);
      world.chain.pop();
    }
    CHECK(sum / count == doctest::Approx(0.050).epsilon(0.1));
    for (int i = 0; i < 100; ++i) world.take(std::to_string(i) + " ", 900s + i * 1ms);
    Instant previous{};
    std::string expected;
    std::string got;
    for (int i = 0; i < 100; ++i) expected += std::to_string(i) + " ";
    for (; world.chain.front() != nullptr; world.chain.pop()) {
      CHECK(world.chain.front()->due >= previous);
      previous = world.chain.front()->due;
      got += as_text(world.chain.front()->bytes);
    }
    CHECK(got == expected);
  }
}

TEST_CASE("One seed reproduces jitter, corruption and slices, whatever the chunks") {
  const std::vector<Toxic> toxics = {
      {.name = "c", .type = ToxicType::corrupt, .bytes = 100},
      {.name = "d", .type = ToxicType::duplicate, .bytes = 300, .size = 10},
  };
  const std::string text = numbered_text(5000);
  ChainWorld whole(toxics, 7);
  whole.take(text);
  ChainWorld parts(toxics, 7);
  for (std::size_t at = 0; at < text.size(); at += 37) parts.take(text.substr(at, 37));
  ChainWorld other(toxics, 8);
  other.take(text);
  const std::string once = whole.all_text();
  CHECK(once == parts.all_text());
  CHECK(once != other.all_text());
  CHECK(once.size() > text.size());
}

TEST_CASE("Corruption flips single bits at about the distance that was asked") {
  ChainWorld world({{.type = ToxicType::corrupt, .bytes = 1000}});
  const std::string text = numbered_text(200'000);
  world.take(text);
  const std::string got = world.all_text();
  REQUIRE(got.size() == text.size());
  int changed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto difference = static_cast<unsigned>(text[i] ^ got[i]) & 0xffU;
    if (difference == 0) continue;
    ++changed;
    CHECK((difference & (difference - 1)) == 0);
  }
  CHECK(changed > 150);
  CHECK(changed < 260);
}

TEST_CASE("Duplicates repeat the bytes that have just passed") {
  ChainWorld world({{.type = ToxicType::duplicate, .bytes = 40, .size = 3}});
  const std::string text = numbered_text(4000);
  world.take(text);
  const std::string got = world.all_text();
  CHECK(got.size() > text.size() + 150);
}

TEST_CASE("A narrow road takes as long as its rate says, and asks for no more meanwhile") {
  ChainWorld world({{.type = ToxicType::bandwidth, .bytes_a_second = 10'000}});
  world.take(numbered_text(5000));
  CHECK(world.chain.reads_from() == ChainWorld::start + 450ms);
  Instant last{};
  std::size_t pieces = 0;
  std::string got;
  for (; world.chain.front() != nullptr; world.chain.pop(), ++pieces) {
    last = world.chain.front()->due;
    got += as_text(world.chain.front()->bytes);
  }
  CHECK(last == ChainWorld::start + 500ms);
  CHECK(pieces == 50);
  CHECK(got == numbered_text(5000));
}

TEST_CASE("Slices are small, apart, and complete") {
  ChainWorld world({{.type = ToxicType::slicer, .delay = 10us, .bytes = 10, .size = 5}});
  const std::string text = numbered_text(1000);
  world.take(text);
  std::string got;
  Instant last = ChainWorld::start - 10us;
  for (; world.chain.front() != nullptr; world.chain.pop()) {
    CHECK(world.chain.front()->bytes.size() <= 15);
    CHECK(world.chain.front()->due == last + 10us);
    last = world.chain.front()->due;
    got += as_text(world.chain.front()->bytes);
  }
  CHECK(got == text);
}

TEST_CASE("After the limit the connection is closed") {
  ChainWorld world({{.type = ToxicType::limit_data, .bytes = 5}});
  world.take("abc");
  world.take("defg");
  world.take("hij");
  CHECK(world.chain.front()->end == PieceEnd::none);
  world.chain.pop();
  CHECK(as_text(world.chain.front()->bytes) == "de");
  CHECK(world.chain.front()->end == PieceEnd::close);
  world.chain.pop();
  CHECK(world.chain.front() == nullptr);
  CHECK(world.chain.bytes_dropped() == 5);
}

TEST_CASE("A reset comes once, so long after the first bytes") {
  ChainWorld world({{.type = ToxicType::reset_peer, .delay = 30ms}});
  world.take("ab", 10ms);
  world.take("cd", 11ms);
  CHECK(world.due() == 40ms);
  CHECK(world.chain.front()->end == PieceEnd::reset);
  world.chain.pop();
  CHECK(world.chain.front() == nullptr);
}

TEST_CASE("A time-out drops everything, then closes") {
  ChainWorld world({{.type = ToxicType::timeout, .delay = 1s}});
  world.take("ab");
  CHECK(world.chain.front() == nullptr);
  CHECK(world.chain.ends_at() == ChainWorld::start + 1s);
  CHECK(world.chain.ends_how() == PieceEnd::close);
}

TEST_CASE("A time-out that is taken away closes the connection, and passes on an end before that") {
  ChainWorld world({{.type = ToxicType::timeout}});
  world.take("ab");
  CHECK(world.chain.ends_at() == far_future);
  world.chain.end(PieceEnd::finish, ChainWorld::start + 1s);
  REQUIRE(world.chain.front() != nullptr);
  CHECK(world.chain.front()->end == PieceEnd::finish);
  world.chain.set({}, ChainWorld::start + 2s);
  CHECK(world.chain.ends_at() == ChainWorld::start + 2s);
  CHECK(world.chain.ends_how() == PieceEnd::close);
}

TEST_CASE("A road without any width holds bytes until it is taken away or gets wider") {
  const Toxic cut{.name = "CUT_CONNECTION_DOWNSTREAM", .type = ToxicType::bandwidth};
  Toxic wider = cut;
  wider.bytes_a_second = 1000;
  for (const std::vector<Toxic>& later : {std::vector<Toxic>{}, std::vector<Toxic>{wider}}) {
    ChainWorld world({cut});
    world.take("abc");
    CHECK(world.due() == far_future - ChainWorld::start);
    CHECK(world.chain.reads_from() > ChainWorld::start + 24h);
    world.chain.set(later, ChainWorld::start + 2s);
    CHECK(world.due() == 2s);
    CHECK(world.all_text() == "abc");
  }
}

TEST_CASE("Who was in a black hole is reset when it goes, as a stream has no gaps") {
  ChainWorld world({{.type = ToxicType::blackhole}});
  world.chain.end(PieceEnd::finish, ChainWorld::start);
  CHECK(world.chain.front() == nullptr);
  CHECK(world.chain.ends_at() == far_future);
  world.chain.set({}, ChainWorld::start + 1s);
  CHECK(world.chain.ends_at() == ChainWorld::start + 1s);
  CHECK(world.chain.ends_how() == PieceEnd::reset);
  ChainWorld quiet({{.type = ToxicType::blackhole}});
  quiet.chain.set({}, ChainWorld::start + 1s);
  CHECK(quiet.chain.ends_at() == far_future);
}

TEST_CASE("A stall holds bytes until it is taken away, and loses none") {
  ChainWorld world({{.type = ToxicType::stall, .bytes = 4}});
  world.take("abcdef");
  CHECK(world.due() == 0ms);
  CHECK(as_text(world.chain.front()->bytes) == "abcd");
  world.chain.pop();
  CHECK(world.chain.front()->due == far_future);
  CHECK(world.chain.reads_from() == far_future);
  world.chain.set({}, ChainWorld::start + 9s);
  CHECK(world.due() == 9s);
  CHECK(world.all_text() == "ef");
}

TEST_CASE("A stall of some length comes again after so many bytes") {
  ChainWorld world({{.type = ToxicType::stall, .delay = 1s, .bytes = 2}});
  world.take("abcde");
  std::vector<Duration> times;
  for (; world.chain.front() != nullptr; world.chain.pop()) times.push_back(world.due());
  CHECK(times == std::vector<Duration>{0s, 1s, 2s});
}

TEST_CASE("A slow close delays only the end") {
  ChainWorld world({{.type = ToxicType::slow_close, .delay = 1s}});
  world.take("ab");
  world.chain.end(PieceEnd::finish, ChainWorld::start);
  CHECK(world.due() == 0s);
  world.chain.pop();
  CHECK(world.due() == 1s);
}

TEST_CASE("Toxics work one after the other") {
  ChainWorld world({{.name = "narrow", .type = ToxicType::bandwidth, .bytes_a_second = 100'000},
                    {.name = "far", .type = ToxicType::latency, .delay = 100ms}});
  world.take(numbered_text(2000));
  CHECK(world.due() == 110ms);
  world.chain.pop();
  CHECK(world.due() == 120ms);
}

TEST_CASE("Bytes under way keep their time and order when a latency goes") {
  ChainWorld world({{.type = ToxicType::latency, .delay = 100ms}});
  world.take("ab");
  world.chain.set({}, ChainWorld::start + 10ms);
  world.take("cd", 10ms);
  CHECK(world.due() == 100ms);
  CHECK(world.all_text() == "abcd");
}

TEST_CASE("Bytes sent before the connection is established count from then") {
  PiecePool pool;
  ToxicChain chain(pool, Prng(1),
                   {.opened = ChainWorld::start, .established = ChainWorld::start + 154ms});
  const std::vector<Toxic> toxics = {{.type = ToxicType::latency, .delay = 77ms}};
  chain.set(toxics, ChainWorld::start);
  chain.take(as_bytes("ab"), ChainWorld::start);
  CHECK(chain.front()->due == ChainWorld::start + 231ms);
  chain.take(as_bytes("cd"), ChainWorld::start + 160ms);
  chain.pop();
  CHECK(chain.front()->due == ChainWorld::start + 237ms);
}

}  // namespace brunt
