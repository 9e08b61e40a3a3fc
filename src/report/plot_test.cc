#include "report/plot.h"

#include <doctest/doctest.h>

#include "report/sample_run.h"

namespace brunt {
namespace {

Result<std::string> script_of(const PlotSpec& spec,
                              const RunRecord& record = SampleRun({}).build()) {
  return gnuplot_script(record, spec, {.form = PlotForm::png, .file = "a.png"});
}

std::string refusal_of(const PlotSpec& spec, const RunRecord& record = SampleRun({}).build()) {
  const auto script = script_of(spec, record);
  return script ? "" : script.error().text;
}

TEST_CASE("a metric over time is a line with its unit, and faults are bands") {
  const auto script = script_of({.y = {"http_req_duration.p99", "http_reqs"}});
  REQUIRE(script.has_value());
  CHECK(script->contains("set terminal pngcairo"));
  CHECK(script->contains("set output 'a.png'"));
  CHECK(script->contains("set ylabel 'http_req_duration.p99 (ms)'"));
  CHECK(script->contains("set y2label 'http_reqs (per second)'"));
  CHECK(script->contains("set object rectangle from 30.000, graph 0 to 32.000"));
  CHECK(script->contains("'shop frozen'"));
  CHECK(script->contains("'http_reqs (right)'"));
}

TEST_CASE("a tag makes a line of each of its values") {
  const auto script = script_of({.y = {"http_req_duration"}, .by = "name"});
  REQUIRE(script.has_value());
  CHECK(script->contains("title 'GET /command'"));
  CHECK(script->contains("title 'POST /login'"));
  CHECK(script->contains("set ylabel 'http_req_duration (ms)'"));
}

TEST_CASE("distributions are histograms, curves and boxes") {
  const auto bars = script_of({.kind = PlotKind::histogram, .y = {"http_req_duration"}});
  REQUIRE(bars.has_value());
  CHECK(bars->contains("fillsteps"));
  CHECK(bars->contains("set logscale x"));
  const auto curve = script_of({.kind = PlotKind::ecdf, .y = {"http_req_duration"}, .by = "name"});
  REQUIRE(curve.has_value());
  CHECK(curve->contains("set yrange [0:100]"));
  const auto boxes = script_of({.kind = PlotKind::boxes, .y = {"http_req_duration"}});
  REQUIRE(boxes.has_value());
  CHECK(boxes->contains("set xtics ('GET /command' 1, 'POST /login' 2, 'POST /measurement' 3)"));
}

TEST_CASE("clients are points in the order of their numbers") {
  RunRecord record = SampleRun({}).build();
  record.subjects = {{"10", "setup_time", 0.2},
                     {"9", "setup_time", 0.1},
                     {"10", "frame_req_duration.median", 0.3}};
  const auto script = script_of({.kind = PlotKind::clients, .y = {"setup_time"}}, record);
  REQUIRE(script.has_value());
  CHECK(script->contains("<< END\n9 100\n10 200\nEND"));
  CHECK(script->contains("set ylabel 'setup_time (µs)'"));
  CHECK(refusal_of({.kind = PlotKind::clients, .y = {"frame_req_duration.medain"}}, record)
            .contains("did you mean \"frame_req_duration.median\""));
}

TEST_CASE("where nobody says what, clients are drawn if there are any, else requests over time") {
  RunRecord record = SampleRun({}).build();
  CHECK(usual_plot(record).kind == PlotKind::lines);
  CHECK(usual_plot(record).y ==
        std::vector<std::string>{"http_req_duration.p50", "http_req_duration.p99"});
  CHECK(script_of(usual_plot(record), record).has_value());
  record.subjects = {{"10", "frame_req_duration.count", 20},
                     {"10", "frame_req_duration.median", 0.3},
                     {"10", "setup_time", 0.2}};
  CHECK(usual_plot(record).kind == PlotKind::clients);
  CHECK(usual_plot(record).y ==
        std::vector<std::string>{"setup_time", "frame_req_duration.median"});
  CHECK(script_of(usual_plot(record), record).has_value());
}

TEST_CASE("what cannot be drawn is told with what could be") {
  CHECK(refusal_of({.y = {}}).contains("--y"));
  CHECK(refusal_of({.y = {"http_req_duratoin"}}).contains("did you mean \"http_req_duration\""));
  CHECK(refusal_of({.y = {"http_req_duration.p200"}}) != "");
  CHECK(refusal_of({.y = {"http_reqs.p99"}}) != "");
  CHECK(refusal_of({.y = {"http_reqs"}, .by = "colour"}).contains("no tag \"colour\""));
  CHECK(refusal_of({.kind = PlotKind::ecdf, .y = {"http_reqs"}}).contains("only trends"));
  CHECK(refusal_of({.kind = PlotKind::clients, .y = {"setup_time"}}).contains("subjects: client"));
  CHECK(refusal_of({.y = {"http_req_duration", "http_reqs", "data_sent"}}).contains("two axes"));
  CHECK_FALSE(parse_plot_form("a.gif").has_value());
  CHECK_FALSE(parse_plot_kind("pie").has_value());
}

TEST_CASE("texts of a run cannot become commands") {
  RunRecord record = SampleRun({}).build();
  record.run.plan_name = "it's `rm -rf` \"$(x)\"\nset output";
  const auto script = script_of({.y = {"http_reqs"}}, record);
  REQUIRE(script.has_value());
  CHECK(script->contains("set title 'it''s `rm -rf` \"$(x)\" set output · "));
}

}  // namespace
}  // namespace brunt
