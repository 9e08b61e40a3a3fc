#include "report/html.h"

#include <string>
#include <string_view>

#include "base/json.h"
#include "report/charts.h"
#include "report/flame_graph.h"
#include "report/json.h"
#include "report/markup.h"
#include "report/page_files.h"

namespace brunt {
namespace {

// JSON inside a script element: `</script` and `<!--` must not appear, whatever a target answered.
std::string for_script(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

Json logs_of(const RunRecord& record) {
  constexpr std::size_t shown_max = 500;
  Json lines = Json::Array{};
  for (std::size_t i = 0; i < record.logs.size() && i < shown_max; ++i) {
    const LogLine& one = record.logs[i];
    lines.push(Json::Object{{"time", format_wall_time(one.time)},
                            {"event", one.event},
                            {"stage", one.stage},
                            {"client_id", one.client_id},
                            {"log_id", one.log_id},
                            {"error", one.error}});
  }
  return lines;
}

// Drawn here, shown by the page's script where they belong.
std::string profiles_of(const RunRecord& record) {
  if (record.profiles.empty()) return {};
  std::string text = "<template id=\"profiles\">\n";
  for (const ServiceProfile& one : record.profiles)
    text += "<figure class=\"chart wide flames\">\n" +
            flame_graph(one.folded,
                        {.title = "CPU time of " + one.service, .place = FlameGraphPlace::page}) +
            "</figure>\n";
  return text + "</template>\n";
}

}  // namespace

std::string html_report(const RunRecord& record) {
  const Json data = Json::Object{{"report", json_report(record)},
                                 {"charts", chart_data(record)},
                                 {"plan_text", record.run.plan_text},
                                 {"logs", logs_of(record)},
                                 {"log_lines", static_cast<std::int64_t>(record.logs.size())}};
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  // Nothing may be fetched, whatever stands in the data.
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n";
  page += "<title>" + escape_markup(record.run.plan_name) + " · " + escape_markup(record.run.id) +
          " · brunt</title>\n<style>\n";
  page.append(page_style()).append("\n</style>\n</head>\n<body>\n<!--\n");
  page.append(page_notice()).append("-->\n<main id=\"page\"><noscript>This page draws its charts ");
  page += "with a script that it carries itself; please allow it to run.</noscript></main>\n";
  page += profiles_of(record);
  page += "<script type=\"application/json\" id=\"run-data\">" + for_script(data.dump());
  page.append("</script>\n<script>\n")
      .append(page_script())
      .append("\n</script>\n</body>\n</html>\n");
  return page;
}

}  // namespace brunt
