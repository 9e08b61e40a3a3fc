#include "record/services.h"

#include <algorithm>

#include "base/json.h"

namespace brunt {
namespace {

constexpr std::string_view service_event = "brunt.run.service";

std::string text_of(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  return value != nullptr && value->is_string() ? std::string(value->string()) : "";
}

}  // namespace

LogLine log_line_of(const ServiceInfo& service, WallTime time) {
  LogLine line{.time = time, .event = std::string(service_event), .log_id = service.name};
  line.metadata = Json(Json::Object{{"kind", service.kind},
                                    {"version", service.version},
                                    {"address", service.address},
                                    {"log", service.log}})
                      .dump();
  return line;
}

std::vector<ServiceInfo> services_of(const RunRecord& record) {
  std::vector<ServiceInfo> out;
  for (const LogLine& line : record.logs) {
    if (line.event != service_event) continue;
    if (std::ranges::find(out, line.log_id, &ServiceInfo::name) != out.end()) continue;
    const auto facts = Json::parse(line.metadata);
    if (!facts) continue;
    out.push_back({.name = line.log_id,
                   .kind = text_of(*facts, "kind"),
                   .version = text_of(*facts, "version"),
                   .address = text_of(*facts, "address"),
                   .log = text_of(*facts, "log")});
  }
  return out;
}

std::string_view fault_name_of(const RunEvent& event) {
  const std::string_view text = event.text;
  return event.kind == EventKind::fault ? text.substr(0, text.find(": ")) : std::string_view();
}

}  // namespace brunt
