#include "metrics/subject.h"

#include <doctest/doctest.h>

using namespace brunt;
using namespace std::chrono_literals;

TEST_CASE("the median of few samples is exact, of an even number the mean of the middle two") {
  SubjectSamples samples;
  CHECK(samples.median() == 0);
  for (const double value : {9.0, 1.0, 5.0}) samples.add(value);
  CHECK(samples.median() == 5);
  samples.add(6.5);
  CHECK(samples.median() == doctest::Approx(5.75));
  CHECK(samples.count() == 4);
}

TEST_CASE("the median of many samples is within a tenth of a percent and takes little memory") {
  SubjectSamples samples;
  for (int i = 0; i < 100'000; ++i) samples.add(0.040 + i * 1e-6);
  CHECK(samples.count() == 100'000);
  CHECK(samples.median() == doctest::Approx(0.090).epsilon(0.001));
  CHECK(samples.memory_bytes() < 64'000);
  SubjectSamples few;
  for (int i = 0; i < 30; ++i) few.add(i);
  CHECK(few.memory_bytes() < 300);
}

TEST_CASE("a subject says what was measured of it") {
  Subject client("1");
  client.add(MetricId::setup_time, 200us);
  client.add(MetricId::frame_req_duration, 40us);
  client.add(MetricId::frame_req_duration, 50us);
  client.rename("17");
  std::vector<SubjectFigure> figures;
  client.append_figures(figures);
  REQUIRE(figures.size() == 3);
  CHECK(figures[0].subject == "17");
  CHECK(figures[0].metric == "setup_time");
  CHECK(figures[0].value == doctest::Approx(0.2));
  CHECK(figures[1].metric == "frame_req_duration.median");
  CHECK(figures[1].value == doctest::Approx(0.045));
  CHECK(figures[2] == SubjectFigure{"17", "frame_req_duration.count", 2});
}
