#include "load/arrival_schedule.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace brunt {
namespace {

// A sum of fractions may miss a whole number by rounding; an area this close to it has reached it.
constexpr long double area_tolerance = 1e-6L;
// The same for instants: below a nanosecond, but above what rounding does to a day.
constexpr long double instant_tolerance_ns = 1e-3L;

long double in_ns(Duration duration) {
  return static_cast<long double>(duration.count());
}

}  // namespace

ArrivalSchedule::ArrivalSchedule(const ScenarioOptions& options)
    : unit_(in_ns(options.time_unit)), arrivals_(options.arrivals), seed_(options.arrivals_seed) {
  ASSERT(is_open(options.executor));
  long double area = 0;
  const auto add = [&](Duration length, double from, double to) {
    Piece piece;
    piece.start = in_ns(duration_);
    piece.length = in_ns(length);
    piece.rate_from = from;
    piece.rate_to = to;
    piece.area_before = area;
    area += (piece.rate_from + piece.rate_to) * piece.length / (2 * unit_);
    piece.area_to = area;
    duration_ += length;
    if (length > Duration::zero()) pieces_.push_back(piece);
  };
  if (options.executor == ExecutorKind::constant_arrival_rate) {
    ASSERT(options.rate && *options.rate > 0 && options.duration);
    add(*options.duration, *options.rate, *options.rate);
    return;
  }
  first_area_ = 1;
  double rate = options.start_rate;
  for (const Stage& stage : options.stages) {
    add(stage.duration, rate, stage.target);
    rate = stage.target;
  }
}

std::optional<Duration> ArrivalSchedule::reached(long double area, std::size_t& piece) const {
  while (piece < pieces_.size() && pieces_[piece].area_to + area_tolerance < area) ++piece;
  if (piece == pieces_.size()) return std::nullopt;
  const Piece& here = pieces_[piece];
  const long double wanted = std::max(area - here.area_before, 0.0L);
  long double units = 0;
  if (here.rate_from == here.rate_to) {
    units = here.rate_from > 0 ? wanted / here.rate_from : 0;
  } else {
    const long double slope = (here.rate_to - here.rate_from) * unit_ / here.length;
    const long double root = here.rate_from * here.rate_from + 2 * wanted * slope;
    const long double below = here.rate_from + std::sqrt(std::max(root, 0.0L));
    units = below > 0 ? 2 * wanted / below : 0;
  }
  const long double after = std::min(units * unit_ + instant_tolerance_ns, here.length);
  return Duration(static_cast<std::int64_t>(here.start + after));
}

std::uint64_t ArrivalSchedule::planned() const {
  if (pieces_.empty()) return 0;
  const long double total = pieces_.back().area_to;
  if (arrivals_ == Arrivals::poisson) return static_cast<std::uint64_t>(std::llround(total));
  const long double count = first_area_ == 0 ? std::ceil(total - area_tolerance)  // Before the end.
                                             : std::floor(total + area_tolerance);  // Or at it.
  return static_cast<std::uint64_t>(count);
}

std::optional<Duration> ArrivalSchedule::due(std::uint64_t index) const {
  if (index >= planned()) return std::nullopt;
  std::size_t piece = 0;
  return reached(static_cast<long double>(index) + first_area_, piece);
}

double ArrivalSchedule::each_second_at(Duration elapsed) const {
  const long double at = in_ns(elapsed);
  for (const Piece& piece : pieces_) {
    if (at < piece.start || at >= piece.start + piece.length) continue;
    const long double part = (at - piece.start) / piece.length;
    return static_cast<double>((piece.rate_from + (piece.rate_to - piece.rate_from) * part) /
                               (unit_ / 1e9L));
  }
  return 0;
}

ArrivalCursor::ArrivalCursor(const ArrivalSchedule& schedule, const Segment& segment)
    : schedule_(&schedule),
      segment_(&segment),
      planned_(schedule.planned()),
      prng_(schedule.seed_) {
  if (segment.owns_any()) find(0);
}

void ArrivalCursor::advance() {
  ASSERT(current_);
  find(current_->index_in_segment + 1);
}

void ArrivalCursor::find(std::uint64_t index_in_segment) {
  const std::uint64_t index = segment_->nth(index_in_segment);
  std::optional<Duration> due;
  if (schedule_->arrivals_ == Arrivals::poisson) {
    for (; unit_items_ <= index; ++unit_items_)
      unit_time_ += static_cast<long double>(prng_.exponential(1));
    // The tolerance is for whole numbers; a random area is compared as it is.
    if (!schedule_->pieces_.empty() && unit_time_ <= schedule_->pieces_.back().area_to)
      due = schedule_->reached(unit_time_, piece_);
  } else if (index < planned_) {
    due = schedule_->reached(static_cast<long double>(index) + schedule_->first_area_, piece_);
  }
  if (due) {
    current_ = Arrival{index, index_in_segment, *due};
  } else {
    current_.reset();
  }
}

}  // namespace brunt
