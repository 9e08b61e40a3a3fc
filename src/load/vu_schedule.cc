#include "load/vu_schedule.h"

#include <algorithm>

#include "base/assert.h"

namespace brunt {
namespace {

__extension__ using Wide = unsigned __int128;  // Nanoseconds of a year times 100M VUs.

std::uint64_t scaled_down(std::uint64_t factor, std::uint64_t part, std::uint64_t whole) {
  return static_cast<std::uint64_t>(static_cast<Wide>(factor) * part / whole);
}
std::uint64_t scaled_up(std::uint64_t factor, std::uint64_t part, std::uint64_t whole) {
  return static_cast<std::uint64_t>((static_cast<Wide>(factor) * part + whole - 1) / whole);
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : b - a;
}

}  // namespace

std::uint64_t VuSchedule::Piece::at(Duration elapsed) const {
  const auto into = static_cast<std::uint64_t>((elapsed - start).count());
  const auto whole = static_cast<std::uint64_t>(length.count());
  const std::uint64_t steps = scaled_down(distance(from, to), into, whole);
  return to >= from ? from + steps : from - steps;
}

std::optional<Duration> VuSchedule::Piece::when(std::uint64_t vus) const {
  if (vus < std::min(from, to) || vus > std::max(from, to) || from == to) return std::nullopt;
  const auto whole = static_cast<std::uint64_t>(length.count());
  const std::uint64_t into = scaled_up(whole, distance(vus, from), distance(from, to));
  // At its end the next piece decides.
  if (into >= whole) return std::nullopt;
  return start + Duration(static_cast<std::int64_t>(into));
}

VuSchedule VuSchedule::constant(std::uint64_t vus, Duration duration) {
  const Stage stages[] = {{duration, static_cast<double>(vus)}};
  return ramping(vus, stages);
}

VuSchedule VuSchedule::ramping(std::uint64_t start_vus, std::span<const Stage> stages) {
  VuSchedule schedule;
  schedule.last_ = start_vus;
  for (const Stage& stage : stages) {
    const auto target = static_cast<std::uint64_t>(stage.target);
    if (stage.duration > Duration::zero()) {
      schedule.pieces_.push_back({schedule.duration_, stage.duration, schedule.last_, target});
      schedule.peak_ = std::max({schedule.peak_, schedule.last_, target});
      schedule.duration_ += stage.duration;
    }
    schedule.last_ = target;
  }
  return schedule;
}

VuSchedule VuSchedule::of(const ScenarioOptions& options) {
  ASSERT(!is_open(options.executor));
  if (options.executor == ExecutorKind::ramping_vus)
    return ramping(options.start_vus, options.stages);
  if (options.executor == ExecutorKind::per_vu_iterations && options.ramp_up > Duration::zero()) {
    const auto vus = static_cast<double>(options.vus);
    const Stage stages[] = {{options.ramp_up, vus}, {options.max_duration - options.ramp_up, vus}};
    return ramping(0, stages);
  }
  return constant(options.vus, options.planned_duration());
}

std::size_t VuSchedule::piece_at(Duration elapsed) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), elapsed,
                       [](Duration at, const Piece& piece) { return at < piece.start; });
  return after == pieces_.begin() ? 0 : static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

std::uint64_t VuSchedule::vus_at(Duration elapsed) const {
  if (elapsed >= duration_) return last_;
  return pieces_[piece_at(elapsed)].at(std::max(elapsed, Duration::zero()));
}

std::uint64_t VuSchedule::vus_at(Duration elapsed, const Segment& segment) const {
  return segment.share(vus_at(elapsed));
}

std::optional<VuSchedule::Change> VuSchedule::next_change(Duration elapsed,
                                                          const Segment& segment) const {
  if (elapsed >= duration_ || !segment.owns_any()) return std::nullopt;
  const std::uint64_t now = vus_at(elapsed, segment);
  for (std::size_t i = piece_at(elapsed); i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.start > elapsed && segment.share(piece.from) != now)
      return Change{piece.start, segment.share(piece.from)};
    std::optional<Duration> at;
    // Our VU number n (from 0) is there as long as the whole has more than nth(n) VUs.
    if (piece.to > piece.from) at = piece.when(segment.nth(now) + 1);
    if (piece.to < piece.from && now > 0) at = piece.when(segment.nth(now - 1));
    if (at && *at > elapsed) return Change{*at, vus_at(*at, segment)};
  }
  if (segment.share(last_) != now) return Change{duration_, segment.share(last_)};
  return std::nullopt;
}

std::uint64_t VuSchedule::peak_between(Duration from, Duration to) const {
  std::uint64_t peak = std::max(vus_at(from), vus_at(to));
  for (const Piece& piece : pieces_) {
    const Duration end = piece.start + piece.length;
    if (piece.start >= from && piece.start <= to) peak = std::max(peak, piece.from);
    if (end > from && end <= to) peak = std::max(peak, piece.to);
  }
  return peak;
}

std::uint64_t VuSchedule::peak() const {
  return peak_;
}

}  // namespace brunt
