// A scenario's own time: it begins at the scenario's start and stands still while it is paused.
#pragma once
#include <optional>

#include "base/time.h"

namespace brunt {

class ScenarioClock {
 public:
  void begin(Instant start) { start_ = start; }

  // Negative before the start.
  Duration elapsed(Instant now) const { return paused_at_.value_or(now) - start_; }
  // When `elapsed` is reached, if there is no pause any more.
  Instant instant_of(Duration elapsed) const { return start_ + elapsed; }

  bool paused() const { return paused_at_.has_value(); }
  void pause(Instant now) {
    if (!paused_at_) paused_at_ = now;
  }
  void resume(Instant now) {
    if (!paused_at_) return;
    start_ += now - *paused_at_;
    paused_at_.reset();
  }

 private:
  Instant start_{};
  std::optional<Instant> paused_at_;
};

}  // namespace brunt
