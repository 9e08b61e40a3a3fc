#include "service/messages/messages_options.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "service/messages/stored_message.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 3> durability_names = {"ack-after-write", "ack-after-fsync",
                                                              "lazy"};

}  // namespace

std::string_view name_of(Durability durability) {
  return durability_names[static_cast<std::size_t>(durability)];
}

Result<Durability> parse_durability(std::string_view name) {
  for (std::size_t i = 0; i < durability_names.size(); ++i)
    if (durability_names[i] == name) return static_cast<Durability>(i);
  return fail(ErrorCode::invalid,
              fmt::format("durability \"{}\" is not known; there are ack-after-write, "
                          "ack-after-fsync and lazy{}",
                          name, did_you_mean(name, durability_names)));
}

Result<> check_messages_options(const MessagesOptions& options) {
  TRY(check_frame_layout(options.layout));
  if (options.layout.payload_bytes_max > stored_payload_bytes_max)
    return fail(ErrorCode::invalid,
                fmt::format("the payload maximum is at most {} bytes", stored_payload_bytes_max));
  if (options.threads < 1 || options.threads > 256)
    return fail(ErrorCode::invalid, fmt::format("threads {}: give 1 to 256", options.threads));
  if (options.backlog < 1)
    return fail(ErrorCode::invalid, fmt::format("backlog {}: give at least 1", options.backlog));
  if (options.output.empty() || options.output.ends_with('/'))
    return fail(ErrorCode::invalid, "the output is a file, not a folder");
  if (options.limits.messages_per_turn < 1)
    return fail(ErrorCode::invalid, "messages-per-turn: give at least 1");
  return {};
}

}  // namespace brunt
