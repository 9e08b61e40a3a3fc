// A step that sends one length-prefixed message and waits for its ACK (wire/frame.h).
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "plan/expression.h"
#include "plan/position.h"
#include "wire/frame.h"

namespace brunt {

struct FrameStep {
  Position at;
  std::string name = "message";  // The `name` tag.
  Template target;               // host:port, or a service's address; empty: the scenario's.
  Template payload;              // Unless `size` is set.
  Template size;                 // So many bytes of text instead; empty: none.
  Template client_id;            // A whole number: who the virtual user is.
  FrameLayout layout;
  std::optional<Duration> timeout;  // None: the scenario's.
  std::vector<std::pair<std::string, std::string>> tags;
};

}  // namespace brunt
