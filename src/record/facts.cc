#include "record/facts.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 6> kind_names = {"warm_up", "stage", "graceful_stop",
                                                        "fault",   "abort", "note"};

}  // namespace

std::string_view name_of(EventKind kind) {
  return kind_names[std::to_underlying(kind)];
}

Result<EventKind> parse_event_kind(std::string_view name) {
  for (std::size_t i = 0; i < kind_names.size(); ++i)
    if (kind_names[i] == name) return static_cast<EventKind>(i);
  return fail(ErrorCode::invalid,
              "\"" + std::string(name) + "\" is no kind of event" + did_you_mean(name, kind_names));
}

}  // namespace brunt
