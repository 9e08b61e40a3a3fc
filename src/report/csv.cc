#include "report/csv.h"

#include <fmt/format.h>

#include <iterator>

#include "base/json.h"
#include "record/services.h"

namespace brunt {
namespace {

// RFC 4180: quoted where it must be, quotes doubled.
std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string tags_of(const TagSet& tags) {
  Json object = Json::Object{};
  for (const Tag& tag : tags) object.set(tag.key, tag.value);
  return object.dump();
}

}  // namespace

std::string csv_report(const RunRecord& record) {
  std::string out = "second,time,origin,metric,tags,count,sum,min,max,last,p50,p95,p99\n";
  std::vector<std::string> names;  // Quoted once, not in every second.
  for (const SeriesInfo& one : record.series)
    names.push_back(field(one.metric.name) + ',' + field(tags_of(one.tags)));
  std::vector<std::string> origins;
  for (const std::string& one : record.origins) origins.push_back(field(one));
  constexpr std::int64_t second_ns = 1'000'000'000;
  for (const RecordRow& row : record.rows) {
    const WallTime time{record.run.started.unix_ns + row.second * second_ns};
    fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},{},{}\n", row.second,
                   format_wall_time(time), origins[row.origin], names[row.series], row.count,
                   row.sum, row.min, row.max, row.last, row.p50, row.p95, row.p99);
  }
  for (const RunEvent& event : record.events) {
    if (event.kind != EventKind::fault) continue;
    const TagSet tags = {{"fault", std::string(fault_name_of(event))}, {"text", event.text}};
    const auto from = std::chrono::floor<std::chrono::seconds>(event.from).count();
    fmt::format_to(std::back_inserter(out), "{},{},,fault,{},1,{},{},{},0,0,0,0\n", from,
                   format_wall_time({record.run.started.unix_ns + event.from.count()}),
                   field(tags_of(tags)), seconds_of(event.to - event.from), seconds_of(event.from),
                   seconds_of(event.to));
  }
  return out;
}

}  // namespace brunt
