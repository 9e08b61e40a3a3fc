#include "metrics/metric.h"

#include <doctest/doctest.h>

#include <string>

#include "metrics/tags.h"

namespace brunt {

using namespace std::chrono_literals;

TEST_CASE("the ids of the built-in metrics lead to their names") {
  struct Row {
    MetricId id;
    const char* name;
    MetricKind kind;
    Contains contains;
  };
  const Row rows[] = {
      {MetricId::vus, "vus", MetricKind::gauge, Contains::standard},
      {MetricId::iteration_duration, "iteration_duration", MetricKind::trend, Contains::time},
      {MetricId::checks, "checks", MetricKind::rate, Contains::standard},
      {MetricId::http_reqs, "http_reqs", MetricKind::counter, Contains::standard},
      {MetricId::http_req_failed, "http_req_failed", MetricKind::rate, Contains::standard},
      {MetricId::http_req_receiving, "http_req_receiving", MetricKind::trend, Contains::time},
      {MetricId::ws_connecting, "ws_connecting", MetricKind::trend, Contains::time},
      {MetricId::grpc_streams, "grpc_streams", MetricKind::counter, Contains::standard},
      {MetricId::data_received, "data_received", MetricKind::counter, Contains::data},
      {MetricId::response_time, "response_time", MetricKind::trend, Contains::time},
      {MetricId::generator_dropped, "generator_dropped", MetricKind::counter, Contains::standard},
  };
  const MetricRegistry registry;
  for (const Row& row : rows) {
    CHECK(name_of(row.id) == row.name);
    CHECK(registry.find(row.name).value() == row.id);
    CHECK(registry.info(row.id).kind == row.kind);
    CHECK(registry.info(row.id).contains == row.contains);
  }
  for (const MetricInfo& metric : builtin_metrics()) CHECK(check_metric_name(metric.name));
}

TEST_CASE("a metric of a script is added once and keeps its kind") {
  MetricRegistry registry;
  const MetricInfo waiting{"waiting_time", MetricKind::trend, Contains::time};
  const MetricId id = registry.add(waiting).value();
  CHECK(registry.add(waiting).value() == id);
  CHECK(registry.find("waiting_time").value() == id);
  CHECK_FALSE(registry.add({"waiting_time", MetricKind::counter, Contains::time}));
  CHECK_FALSE(registry.add({"http_reqs", MetricKind::gauge}));
  const auto missing = registry.find("http_reqz");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text.find("\"http_reqs\"") != std::string::npos);
}

TEST_CASE("names follow the rule of k6") {
  for (const char* good : {"ab", "_x", "A9_", "http_req_duration"}) CHECK(check_metric_name(good));
  CHECK(check_metric_name(std::string(129, 'a')));
  for (const char* bad : {"", "a", "9a", "a-b", "a b", "m\xc3\xa4"})
    CHECK_FALSE(check_metric_name(bad));
  CHECK_FALSE(check_metric_name(std::string(130, 'a')));
}

TEST_CASE("time values are milliseconds and survive the way there and back") {
  CHECK(time_value(250ms) == 250);
  CHECK(duration_of(0.25) == 250us);
  CHECK(duration_of(time_value(123'456'789ns)) == 123'456'789ns);
  CHECK(duration_of(1e300) > 1h);
}

TEST_CASE("tag sets are sorted, and the later of two equal keys stays") {
  const TagSet tags = make_tag_set({{"b", "1"}, {"a", "2"}, {"b", "3"}, {"b", "4"}, {"c", ""}});
  CHECK(tags == TagSet{{"a", "2"}, {"b", "4"}, {"c", ""}});
  CHECK(format_tags(tags) == "{a:2,b:4,c:}");
  CHECK(format_tags({}) == "");
  CHECK(tag_value(tags, "b") == "4");
  CHECK(tag_value(tags, "z") == "");
}

TEST_CASE("equal tag sets have one id, whatever way they came") {
  TagTable table;
  const TagSetId a = table.with(TagSetId::none, {{"name", "/x"}, {"status", "200"}});
  const TagSetId b = table.with(table.with(TagSetId::none, {{"status", "500"}, {"name", "/x"}}),
                                {{"status", "200"}});
  CHECK(a == b);
  CHECK(table.with(TagSetId::none, std::span<const Tag>{}) == TagSetId::none);
  CHECK(table.intern({{"a", "b1:c"}}) != table.intern({{"a", "b"}, {"c", ""}}));
  CHECK(table.get(a) == TagSet{{"name", "/x"}, {"status", "200"}});
}

}  // namespace brunt
