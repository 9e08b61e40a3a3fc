// The `frame` step: { frame: TEXT } or { frame: { size: 32 } }, with name, client_id, layout,
// target, timeout, tags beside it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "base/url.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

bool read_width(ReadContext& read, const Field& field, std::uint8_t& out) {
  std::uint32_t width = out;
  if (!read.read(field, width)) return false;
  constexpr std::uint32_t width_max = 255;  // What it may be says check_frame_layout().
  out = static_cast<std::uint8_t>(std::min(width, width_max));
  return true;
}

void read_order(ReadContext& read, const Field& field, ByteOrder& out) {
  std::string name;
  if (!read.read(field, name)) return;
  if (name == name_of(ByteOrder::big))
    out = ByteOrder::big;
  else if (name == name_of(ByteOrder::little))
    out = ByteOrder::little;
  else
    read.error(field, fmt::format("\"{}\" is no byte order: big (the network's) or little", name));
}

void read_size(ReadContext& read, const Field& field, std::uint32_t& out) {
  std::string text;
  if (!read.read(field, text)) return;
  const auto size = parse_size(text);
  if (!size)
    read.error(field, size.error().text);
  else
    out = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(*size, FrameLayout::payload_limit + 1ULL));
}

void read_preset(ReadContext& read, const Field& field, FrameLayout& out) {
  std::string name;
  if (!read.read(field, name)) return;
  const auto preset = parse_frame_layout(name);
  if (preset)
    out = *preset;
  else
    read.error(field, preset.error().text);
}

// `original`, or a map of what differs from `like:`.
void read_layout(ReadContext& read, const Field& field, FrameLayout& out) {
  if (!field) return;
  if (field.node->kind != YamlNode::Kind::map) {
    read_preset(read, field, out);
    return;
  }
  MapReader map(read, field);
  read_preset(read, map.find("like"), out);
  read_width(read, map.find("client_id"), out.client_id_bytes);
  read_width(read, map.find("message_id"), out.message_id_bytes);
  read_width(read, map.find("length"), out.length_bytes);
  read_width(read, map.find("padding"), out.padding_bytes);
  read_order(read, map.find("requests"), out.request_order);
  read_order(read, map.find("acks"), out.ack_order);
  read_size(read, map.find("payload_min"), out.payload_bytes_min);
  read_size(read, map.find("payload_max"), out.payload_bytes_max);
  map.finish();
  if (const auto checked = check_frame_layout(out); !checked)
    read.error(field, checked.error().text);
}

// host:port, tcp://host:port, or a service of this plan.
void read_frame_target(StepReadContext& context, const Field& field, FrameStep& step) {
  const StepTarget target{.step = "frame", .at = step.at, .member = "address"};
  if (!read_step_target(context, field, target, step.target)) return;
  if (const auto address = parse_peer_address(step.target.text()); !address)
    context.read.error(field, address.error().text);
}

void read_payload(ReadContext& read, const Field& field, FrameStep& step) {
  if (field.node->kind != YamlNode::Kind::map) {
    if (read.read(field, step.payload) && step.payload.empty() && step.layout.payload_bytes_min > 0)
      read.error(field, "a message without a payload: write a text, or { size: 32 }");
    return;
  }
  MapReader map(read, field);
  const Field size = map.require("size");
  map.finish();
  if (!read.read(size, step.size) || !step.size.is_constant()) return;
  const auto bytes = parse_size(step.size.text());
  if (!bytes)
    read.error(size, bytes.error().text);
  else if (*bytes < step.layout.payload_bytes_min || *bytes > step.layout.payload_bytes_max)
    read.error(size,
               fmt::format("a payload of {} bytes is not within the layout's {} to {}", *bytes,
                           step.layout.payload_bytes_min, step.layout.payload_bytes_max));
}

}  // namespace

FrameStep read_frame(StepReadContext& context, MapReader& map) {
  ReadContext& read = context.read;
  FrameStep step;
  const Field frame = map.find("frame");
  step.at = frame.at;
  read_layout(read, map.find("layout"), step.layout);
  read_payload(read, frame, step);
  read_frame_target(context, map.find("target"), step);
  read_step_name(read, map.find("name"), step.name);
  const Field client = map.find("client_id");
  if (!client)
    step.client_id = *Template::compile("${vu}", *read.names);
  else
    read.read(client, step.client_id);
  read_timeout(read, map.find("timeout"), step.timeout);
  read.read_tags(map.find("tags"), step.tags);
  map.refuse({"check", "capture", "account"});
  map.finish();
  return step;
}

}  // namespace brunt
