#include "script/option_names.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace brunt {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view option_names[] = {"batch",
                                             "batchPerHost",
                                             "blacklistIPs",
                                             "blockHostnames",
                                             "cloud",
                                             "consoleOutput",
                                             "discardResponseBodies",
                                             "dns",
                                             "duration",
                                             "executionSegment",
                                             "executionSegmentSequence",
                                             "ext",
                                             "features",
                                             "handleSummaryTimeout",
                                             "hosts",
                                             "httpDebug",
                                             "insecureSkipTLSVerify",
                                             "iterations",
                                             "linger",
                                             "localIPs",
                                             "maxRedirects",
                                             "metricSamplesBufferSize",
                                             "minIterationDuration",
                                             "noConnectionReuse",
                                             "noCookiesReset",
                                             "noSetup",
                                             "noTeardown",
                                             "noUsageReport",
                                             "noVUConnectionReuse",
                                             "paused",
                                             "rps",
                                             "scenarios",
                                             "setupTimeout",
                                             "stages",
                                             "summaryTimeUnit",
                                             "summaryTrendStats",
                                             "systemTags",
                                             "tags",
                                             "teardownTimeout",
                                             "thresholds",
                                             "throw",
                                             "tlsAuth",
                                             "tlsCipherSuites",
                                             "tlsVersion",
                                             "userAgent",
                                             "vus"};
constexpr std::string_view field_names[] = {
    "executor", "startTime",        "gracefulStop", "exec",       "env",
    "tags",     "options",          "vus",          "duration",   "stages",
    "startVUs", "gracefulRampDown", "rate",         "timeUnit",   "preAllocatedVUs",
    "maxVUs",   "startRate",        "iterations",   "maxDuration"};
constexpr std::string_view stage_names[] = {"duration", "target"};
constexpr std::string_view threshold_names[] = {"threshold", "abortOnFail", "delayAbortEval"};
constexpr std::string_view dns_names[] = {"ttl", "select", "policy"};

std::string canonical_name(const std::string& name, Names names) {
  if (std::ranges::find(names, name) != names.end()) return name;
  const auto alike = std::ranges::find_if(
      names, [lower = to_lower(name)](std::string_view one) { return to_lower(one) == lower; });
  return alike == names.end() ? name : std::string(*alike);
}

// Of an object; of a list the same for each element; anything else as it is.
Json with_names(const Json& value, Names names) {
  if (value.is_array()) {
    Json list{Json::Array{}};
    for (const Json& one : value.array()) list.push(with_names(one, names));
    return list;
  }
  if (!value.is_object()) return value;
  Json object{Json::Object{}};
  for (const auto& [name, member] : value.object()) object.set(canonical_name(name, names), member);
  return object;
}

// Of an object's members, each of which has these names.
Json with_names_of_members(const Json& value, Names names) {
  if (!value.is_object()) return value;
  Json object{Json::Object{}};
  for (const auto& [name, member] : value.object()) object.set(name, with_names(member, names));
  return object;
}

void rename_member(Json& object, std::string_view name, Names names) {
  if (const Json* member = object.find(name)) object.set(name, with_names(*member, names));
}

Json canonical_scenarios(const Json& scenarios) {
  Json renamed = with_names_of_members(scenarios, field_names);
  if (!renamed.is_object()) return renamed;
  for (auto& [name, scenario] : renamed.object())
    if (scenario.is_object()) rename_member(scenario, "stages", stage_names);
  return renamed;
}

}  // namespace

std::span<const std::string_view> scenario_field_names() {
  return field_names;
}

Json canonical_options(const Json& options) {
  Json renamed = with_names(options, option_names);
  if (!renamed.is_object()) return renamed;
  rename_member(renamed, "stages", stage_names);
  rename_member(renamed, "dns", dns_names);
  if (const Json* scenarios = renamed.find("scenarios"))
    renamed.set("scenarios", canonical_scenarios(*scenarios));
  if (const Json* thresholds = renamed.find("thresholds"))
    renamed.set("thresholds", with_names_of_members(*thresholds, threshold_names));
  return renamed;
}

}  // namespace brunt
