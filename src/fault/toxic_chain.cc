#include "fault/toxic_chain.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t free_pieces_max = 1024;
constexpr std::size_t free_piece_bytes_max = 64u << 10u;

// A narrow road passes bytes on in parts of so much time, and takes new ones when less than that is
// waiting: so that the sender feels it, as it would feel a full queue.
constexpr Duration narrow_part = 10ms;
constexpr Duration narrow_queue = 50ms;
constexpr std::size_t narrow_part_bytes_min = 64;

Duration time_for(std::size_t bytes, std::uint64_t bytes_a_second) {
  return from_seconds(static_cast<double>(bytes) / static_cast<double>(bytes_a_second));
}

// Never beyond far_future, which has no "later".
Instant later(Instant at, Duration by) {
  return at > far_future - by ? far_future : at + by;
}

std::uint64_t distance(Prng& chance, std::uint64_t mean) {
  return static_cast<std::uint64_t>(chance.exponential(static_cast<double>(mean))) + 1;
}

// Box and Muller's, of the basic kind.
double normal(Prng& chance) {
  const double radius = std::sqrt(-2 * std::log(1 - chance.uniform()));
  return radius * std::cos(2 * std::numbers::pi * chance.uniform());
}

}  // namespace

std::vector<std::byte> PiecePool::take(ByteView bytes) {
  std::vector<std::byte> piece;
  if (!free_.empty() && !bytes.empty()) {
    piece = std::move(free_.back());
    free_.pop_back();
  }
  piece.assign(bytes.begin(), bytes.end());
  return piece;
}

void PiecePool::give_back(std::vector<std::byte> bytes) {
  const bool is_worth_it = bytes.capacity() > 0 && bytes.capacity() <= free_piece_bytes_max;
  if (is_worth_it && free_.size() < free_pieces_max) free_.push_back(std::move(bytes));
}

struct ToxicChain::Stage {
  Toxic toxic;
  Prng chance;
  Instant since{};         // When it began to work here.
  Instant free_at{};       // bandwidth, slicer: when the next byte may pass. stall: until when.
  std::uint64_t left = 0;  // Bytes until the next event: corrupt, duplicate, stall, limit_data.
  bool has_acted = false;  // reset_peer, limit_data: it is over. blackhole: something was dropped.
  std::vector<std::byte> tail;  // duplicate: the last bytes that passed.

  bool holds() const;  // Bytes may wait in it until it is taken away.
};

ToxicChain::ToxicChain(PiecePool& pool, const Prng& chance, const Times& times)
    : pool_(pool), chance_(chance), times_(times) {}

ToxicChain::~ToxicChain() {
  for (HeldPiece& piece : held_) pool_.give_back(std::move(piece.bytes));
}

void ToxicChain::open_stage(Stage& stage, Instant now) {
  const Toxic& toxic = stage.toxic;
  // By its name: the same seed, connection and toxic do the same, whatever else is in the chain.
  stage.chance = chance_.split(std::hash<std::string_view>()(toxic.full_name()));
  stage.since = now;
  switch (toxic.type) {
    case ToxicType::corrupt:
    case ToxicType::duplicate:
      stage.left = distance(stage.chance, toxic.bytes);
      break;
    case ToxicType::limit_data:
      stage.left = toxic.bytes;
      break;
    case ToxicType::stall:
      stage.left = toxic.bytes;
      if (toxic.bytes == 0)
        stage.free_at = toxic.delay == Duration::zero() ? far_future : now + toxic.delay;
      break;
    case ToxicType::bandwidth:
      if (stage.holds()) stage.free_at = far_future;
      break;
    default:
      break;
  }
}

bool ToxicChain::Stage::holds() const {
  return toxic.type == ToxicType::stall ||
         (toxic.type == ToxicType::bandwidth && toxic.bytes_a_second == 0);
}

// A toxic was taken away: what waited for it alone waits no more.
void ToxicChain::retire(const Stage& stage, Instant now) {
  if (stage.holds())
    for (HeldPiece& piece : held_)
      if (piece.due == far_future) piece.due = now;
  // What came through since would follow on a gap: no peer may take that for a stream.
  if (stage.toxic.type == ToxicType::blackhole && stage.has_acted)
    broken_at_ = std::min(broken_at_, now);
  if (stage.toxic.type == ToxicType::timeout) closed_at_ = std::min(closed_at_, now);
}

void ToxicChain::set(std::span<const Toxic> toxics, Instant now) {
  std::vector<std::unique_ptr<Stage>> before = std::exchange(stages_, {});
  for (const Toxic& toxic : toxics) {
    if (toxic.type == ToxicType::down || toxic.type == ToxicType::refuse) continue;
    const auto found = std::ranges::find_if(before, [&](const auto& stage) {
      return stage != nullptr && stage->toxic.type == toxic.type && stage->toxic.name == toxic.name;
    });
    if (found != before.end() && (*found)->toxic == toxic) {
      stages_.push_back(std::move(*found));
      continue;
    }
    auto stage = std::make_unique<Stage>(Stage{.toxic = toxic, .chance = chance_});
    open_stage(*stage, now);
    if (found != before.end()) stage->has_acted = (*found)->has_acted;
    stages_.push_back(std::move(stage));
  }
  for (const auto& stage : before) {
    const bool stays =
        stage != nullptr && std::ranges::any_of(stages_, [&](const auto& other) {
          return other->toxic.type == stage->toxic.type && other->toxic.name == stage->toxic.name;
        });
    if (stage != nullptr && (!stays || stage->holds())) retire(*stage, now);
  }
  work_out_end();
}

void ToxicChain::work_out_end() {
  ends_at_ = std::min(broken_at_, closed_at_);
  ends_how_ = broken_at_ <= closed_at_ ? PieceEnd::reset : PieceEnd::close;
  for (const auto& stage : stages_) {
    if (stage->toxic.type != ToxicType::timeout || stage->toxic.delay == Duration::zero()) continue;
    const Instant at = stage->since + stage->toxic.delay;
    if (at < ends_at_) {
      ends_at_ = at;
      ends_how_ = PieceEnd::close;
    }
  }
}

Instant ToxicChain::reads_from() const {
  Instant from{};
  for (const auto& stage : stages_) {
    if (stage->toxic.type == ToxicType::bandwidth)
      from = std::max(from, stage->free_at - narrow_queue);
    if (stage->toxic.type == ToxicType::stall) from = std::max(from, stage->free_at);
  }
  return from;
}

void ToxicChain::take(ByteView bytes, Instant now) {
  pass(0, {.at = std::max(now, times_.established), .view = bytes});
}

void ToxicChain::end(PieceEnd how, Instant now) {
  pass(0, {.at = std::max(now, times_.established), .view = {}, .end = how});
}

void ToxicChain::pop() {
  bytes_held_ -= held_.front().bytes.size();
  pool_.give_back(std::move(held_.front().bytes));
  held_.pop_front();
}

void ToxicChain::hold(const Bytes& bytes) {
  if (bytes.view.empty() && bytes.end == PieceEnd::none) return;
  last_due_ = held_.empty() ? bytes.at : std::max(held_.back().due, bytes.at);
  held_.push_back({.due = last_due_, .bytes = pool_.take(bytes.view), .end = bytes.end});
  bytes_held_ += bytes.view.size();
}

void ToxicChain::pass(std::size_t number, Bytes bytes) {
  if (number == stages_.size()) return hold(bytes);
  switch (stages_[number]->toxic.type) {
    case ToxicType::latency:
      return delay(number, bytes);
    case ToxicType::bandwidth:
      return narrow(number, bytes);
    case ToxicType::slicer:
      return slice(number, bytes);
    case ToxicType::stall:
      return stand_still(number, bytes);
    case ToxicType::limit_data:
      return limit(number, bytes);
    case ToxicType::corrupt:
      return flip_bits(number, bytes);
    case ToxicType::duplicate:
      return repeat(number, bytes);
    case ToxicType::timeout:
    case ToxicType::blackhole:
    case ToxicType::reset_peer:
      return drop(number, bytes);
    case ToxicType::slow_close:
      if (bytes.end == PieceEnd::finish) bytes.at = later(bytes.at, stages_[number]->toxic.delay);
      return pass(number + 1, bytes);
    case ToxicType::down:
    case ToxicType::refuse:
      return pass(number + 1, bytes);
  }
}

Duration ToxicChain::draw_latency(Stage& stage) {
  const Toxic& toxic = stage.toxic;
  if (toxic.jitter == Duration::zero()) return toxic.delay;
  const Duration drawn =
      toxic.shape == JitterShape::uniform
          ? toxic.delay + stage.chance.between(-toxic.jitter, toxic.jitter)
          : toxic.delay + from_seconds(seconds_of(toxic.jitter) * normal(stage.chance));
  return std::max(drawn, Duration::zero());
}

void ToxicChain::delay(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  // Never before what went ahead: jitter does not reorder.
  bytes.at = stage.free_at = std::max(stage.free_at, later(bytes.at, draw_latency(stage)));
  pass(number + 1, bytes);
}

void ToxicChain::narrow(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  const std::uint64_t rate = stage.toxic.bytes_a_second;
  if (rate == 0) return pass(number + 1, {.at = far_future, .view = bytes.view, .end = bytes.end});
  const auto part_bytes =
      std::max(narrow_part_bytes_min,
               static_cast<std::size_t>(static_cast<double>(rate) * seconds_of(narrow_part)));
  stage.free_at = std::max(stage.free_at, bytes.at);
  while (!bytes.view.empty()) {
    const ByteView part = bytes.view.first(std::min(part_bytes, bytes.view.size()));
    bytes.view = bytes.view.subspan(part.size());
    stage.free_at = later(stage.free_at, time_for(part.size(), rate));
    pass(number + 1, {.at = stage.free_at, .view = part});
  }
  if (bytes.end != PieceEnd::none)
    pass(number + 1, {.at = stage.free_at, .view = {}, .end = bytes.end});
}

void ToxicChain::slice(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  const auto mean = static_cast<std::int64_t>(stage.toxic.bytes);
  const auto variation = static_cast<std::int64_t>(stage.toxic.size);
  while (!bytes.view.empty()) {
    const auto drawn =
        static_cast<std::size_t>(stage.chance.between(mean - variation, mean + variation));
    const ByteView part = bytes.view.first(std::min(drawn, bytes.view.size()));
    bytes.view = bytes.view.subspan(part.size());
    const Instant at = std::max(bytes.at, stage.free_at);
    stage.free_at = later(at, stage.toxic.delay);
    pass(number + 1, {.at = at, .view = part});
  }
  if (bytes.end != PieceEnd::none)
    pass(number + 1, {.at = std::max(bytes.at, stage.free_at), .view = {}, .end = bytes.end});
}

void ToxicChain::stand_still(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  const Toxic& toxic = stage.toxic;
  do {
    bytes.at = std::max(bytes.at, stage.free_at);
    const bool is_once = toxic.bytes == 0;
    const std::size_t count =
        is_once ? bytes.view.size()
                : static_cast<std::size_t>(std::min<std::uint64_t>(bytes.view.size(), stage.left));
    const ByteView part = bytes.view.first(count);
    bytes.view = bytes.view.subspan(count);
    pass(number + 1,
         {.at = bytes.at, .view = part, .end = bytes.view.empty() ? bytes.end : PieceEnd::none});
    if (is_once) return;
    stage.left -= count;
    if (stage.left > 0) continue;
    stage.left = toxic.bytes;
    stage.free_at = toxic.delay == Duration::zero() ? far_future : later(bytes.at, toxic.delay);
  } while (!bytes.view.empty());
}

void ToxicChain::limit(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  if (stage.has_acted) {
    bytes_dropped_ += bytes.view.size();
    return;
  }
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.view.size(), stage.left));
  stage.left -= count;
  stage.has_acted = stage.left == 0;
  bytes_dropped_ += bytes.view.size() - count;
  pass(number + 1, {.at = bytes.at,
                    .view = bytes.view.first(count),
                    .end = stage.has_acted ? PieceEnd::close : bytes.end});
}

void ToxicChain::flip_bits(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  if (stage.left > bytes.view.size()) {
    stage.left -= bytes.view.size();
    return pass(number + 1, bytes);
  }
  std::vector<std::byte> changed(bytes.view.begin(), bytes.view.end());
  std::size_t at = 0;
  while (stage.left <= changed.size() - at) {
    at += static_cast<std::size_t>(stage.left);
    changed[at - 1] ^= std::byte{1} << static_cast<unsigned>(stage.chance.between(0, 7));
    stage.left = distance(stage.chance, stage.toxic.bytes);
  }
  stage.left -= changed.size() - at;
  pass(number + 1, {.at = bytes.at, .view = changed, .end = bytes.end});
}

void ToxicChain::repeat(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  const auto size = static_cast<std::size_t>(stage.toxic.size);
  while (!bytes.view.empty()) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.view.size(), stage.left));
    const ByteView part = bytes.view.first(count);
    bytes.view = bytes.view.subspan(count);
    pass(number + 1, {.at = bytes.at, .view = part});
    const ByteView last = part.last(std::min(size, part.size()));
    stage.tail.insert(stage.tail.end(), last.begin(), last.end());
    if (stage.tail.size() > size)
      stage.tail.erase(stage.tail.begin(), stage.tail.end() - static_cast<std::ptrdiff_t>(size));
    stage.left -= count;
    if (stage.left > 0) break;
    pass(number + 1, {.at = bytes.at, .view = stage.tail});
    stage.left = distance(stage.chance, stage.toxic.bytes);
  }
  if (bytes.end != PieceEnd::none) pass(number + 1, {.at = bytes.at, .view = {}, .end = bytes.end});
}

void ToxicChain::drop(std::size_t number, Bytes bytes) {
  Stage& stage = *stages_[number];
  bytes_dropped_ += bytes.view.size();
  const bool is_first = !std::exchange(stage.has_acted, true);
  if (stage.toxic.type == ToxicType::reset_peer) {
    if (is_first)
      pass(number + 1,
           {.at = later(bytes.at, stage.toxic.delay), .view = {}, .end = PieceEnd::reset});
    return;
  }
  // A peer that broke off is known to the proxy: there is nothing left to hold open. A time-out
  // passes on an orderly end too, as Toxiproxy's does.
  const bool is_passed = bytes.end == PieceEnd::reset || stage.toxic.type == ToxicType::timeout;
  if (is_passed && bytes.end != PieceEnd::none)
    pass(number + 1, {.at = bytes.at, .view = {}, .end = bytes.end});
}

}  // namespace brunt
