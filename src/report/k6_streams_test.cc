#include "report/k6_streams.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "base/text.h"
#include "metrics/recorder.h"

namespace brunt {
namespace {

class Place {
 public:
  explicit Place(const std::string& suffix) : file_((folder_ / ("samples" + suffix)).string()) {}
  const std::string& file() const { return file_; }

 private:
  TemporaryFolder folder_ = TemporaryFolder::make("brunt-samples").value();
  std::string file_;
};

Snapshot two_samples(Recorder& recorder) {
  const TagSetId tags = recorder.tags().intern(make_tag_set(
      {{"name", "/cart"}, {"status", "200"}, {"group", ""}, {"region", "eu, \"west\""}}));
  recorder.stamp({.at = {1'795'337'050'123'400'000}, .vu = 3, .iteration = 9});
  recorder.series(MetricId::http_reqs, tags).add(1);
  recorder.series(MetricId::http_req_duration, tags).add(12.5);
  return recorder.freeze(0);
}

std::string written(K6StreamFormat format, const std::string& file,
                    std::vector<std::string> system_tags = {}) {
  MetricRegistry registry;
  Recorder recorder(registry, {.tap = SampleTap::on, .limits = {}});
  auto stream = K6Stream::open({.format = format,
                                .place = file,
                                .thresholds = {{"http_req_duration", {"p(95)<250"}},
                                               {"http_reqs{name:/cart,status:200}", {"count>0"}}},
                                .system_tags = std::move(system_tags)});
  REQUIRE(stream);
  (*stream)->take(0, two_samples(recorder));
  (*stream)->take(0, two_samples(recorder));
  CHECK((*stream)->finish().empty());
  return *read_file(file);
}

TEST_CASE("the JSON stream has a Metric line at first sight and a Point for each sample") {
  const Place place(".json");
  const std::string text = written(K6StreamFormat::json, place.file());
  const auto lines = split(trim(text), '\n');
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] ==
        R"({"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default",)"
        R"("thresholds":[],"submetrics":[{"name":"http_reqs{name:/cart,status:200}",)"
        R"("suffix":"name:/cart,status:200","tags":{"name":"/cart","status":"200"}}]},)"
        R"("metric":"http_reqs"})");
  CHECK(Json::parse(lines[1])->find("data")->find("submetrics")->is_null());
  CHECK(Json::parse(lines[1])->find("data")->find("thresholds")->array()[0].string() ==
        "p(95)<250");
  CHECK(lines[2].starts_with(
      R"({"metric":"http_reqs","type":"Point","data":{"time":"2026-11-22T08:44:10.1234Z","value":1,)"));
  const auto point = Json::parse(lines[3]);
  REQUIRE(point);
  CHECK(point->find("metric")->string() == "http_req_duration");
  CHECK(point->find("data")->find("value")->number() == 12.5);
  CHECK(point->find("data")->find("tags")->find("region")->string() == "eu, \"west\"");
  CHECK(Json::parse(lines[5])->find("type")->string() == "Point");
}

TEST_CASE("the CSV stream has k6's header, system tags in columns, and the rest as extra tags") {
  const Place place(".csv");
  const std::string text = written(K6StreamFormat::csv, place.file());
  const auto lines = split(trim(text), '\n');
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] ==
        "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,"
        "name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata");
  CHECK(lines[1] ==
        "http_reqs,1795337050,1.000000,,,,,,,/cart,,,,200,,,,\"region=eu, \"\"west\"\"\",");
  CHECK(lines[2].starts_with("http_req_duration,1795337050,12.500000,"));
}

TEST_CASE("samples have the system tags that were asked for, and all of the user's own") {
  const Place json(".json"), csv(".csv");
  const std::string text = written(K6StreamFormat::json, json.file(), {"status", "method"});
  const auto point = Json::parse(split(trim(text), '\n')[2]);
  REQUIRE(point);
  const Json* tags = point->find("data")->find("tags");
  CHECK(tags->find("status")->string() == "200");
  CHECK(tags->find("name") == nullptr);
  CHECK(tags->find("region") != nullptr);
  const std::string table = written(K6StreamFormat::csv, csv.file(), {"status", "method"});
  const auto lines = split(trim(table), '\n');
  CHECK(lines[0] == "metric_name,timestamp,metric_value,method,status,extra_tags,metadata");
  CHECK(lines[1] == "http_reqs,1795337050,1.000000,,200,\"region=eu, \"\"west\"\"\",");
}

TEST_CASE("samples say whose they are, and of which iteration, where that is asked for") {
  const Place json(".json"), csv(".csv");
  const std::string text = written(K6StreamFormat::json, json.file(), {"status", "vu", "iter"});
  const auto point = Json::parse(split(trim(text), '\n')[2]);
  REQUIRE(point);
  CHECK(point->find("data")->find("metadata")->dump() == R"({"iter":"9","vu":"3"})");
  CHECK(point->find("data")->find("tags")->find("vu") == nullptr);
  const std::string table = written(K6StreamFormat::csv, csv.file(), {"status", "vu"});
  const auto lines = split(trim(table), '\n');
  CHECK(lines[0] == "metric_name,timestamp,metric_value,status,extra_tags,metadata");
  CHECK(lines[1] == "http_reqs,1795337050,1.000000,200,\"region=eu, \"\"west\"\"\",vu=3");
}

TEST_CASE("a name that ends in gz is compressed") {
  const Place place(".json.gz");
  const std::string bytes = written(K6StreamFormat::json, place.file());
  CHECK(bytes.substr(0, 2) == "\x1f\x8b");
  const gzFile file = gzopen(place.file().c_str(), "rb");
  std::vector<char> text(100'000);
  const int size = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  REQUIRE(size > 0);
  CHECK(std::string_view(text.data(), static_cast<std::size_t>(size)).starts_with("{\"type\""));
}

TEST_CASE("what cannot be written is told, not hidden") {
  CHECK(K6Stream::open({.format = K6StreamFormat::csv, .place = "/no/such/folder/x.csv"})
            .error()
            .code == ErrorCode::not_found);
  MetricRegistry registry;
  Recorder recorder(registry, {.tap = SampleTap::on, .limits = {}});
  auto full = K6Stream::open({.format = K6StreamFormat::json, .place = "/dev/full"});
  REQUIRE(full);
  (*full)->take(0, two_samples(recorder));
  const auto notes = (*full)->finish();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("not complete") != std::string::npos);

  const Place place(".json");
  auto slow = K6Stream::open(
      {.format = K6StreamFormat::json, .place = place.file(), .thresholds = {}, .pending_max = 10});
  (*slow)->take(0, two_samples(recorder));
  const auto left_out = (*slow)->finish();
  REQUIRE(left_out.size() == 1);
  CHECK(left_out[0].starts_with("2 samples are not in "));
}

TEST_CASE("an output is named by its format and its file") {
  CHECK(parse_k6_stream("json=a.json")->place == "a.json");
  CHECK(parse_k6_stream("csv=b.csv.gz")->format == K6StreamFormat::csv);
  CHECK(parse_k6_stream("json")->place == "-");
  CHECK(parse_k6_stream("influxdb=x").error().code == ErrorCode::invalid);
  CHECK(parse_k6_stream("json=").error().code == ErrorCode::invalid);
}

}  // namespace
}  // namespace brunt
