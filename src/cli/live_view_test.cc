// What people see while a run goes on, to the letter.
#include "cli/live_view.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <string>

using namespace brunt;
using namespace std::chrono_literals;

namespace {

Progress sample() {
  Progress progress;
  progress.phase = "running";
  progress.elapsed = 65s;
  progress.duration = 2min;
  progress.scenarios = {{.name = "device",
                         .description = "50 VUs for 2m",
                         .elapsed = 65s,
                         .duration = 2min,
                         .iterations_done = 12'345,
                         .vus_active = 49,
                         .vus_max = 50,
                         .started = true},
                        {.name = "cleanup",
                         .description = "10 iterations over 2 VUs",
                         .iterations_done = 5,
                         .iterations_planned = 10,
                         .vus_active = 2,
                         .vus_max = 2,
                         .started = true},
                        {.name = "late", .description = "later", .duration = 10s},
                        {.name = "over",
                         .description = "1 VU",
                         .duration = 10s,
                         .vus_max = 1,
                         .started = true,
                         .ended = true}};
  progress.requests_each_second = 1'234;
  progress.p50 = 1200us;
  progress.p95 = 8ms;
  progress.p99 = 1500ms;
  progress.requests = 80'000;
  progress.failed = 3;
  progress.dropped = 1'200;
  progress.generator_cpu = 0.42;
  progress.slip_p99 = 90us;
  return progress;
}

// What a view wrote to its file.
class Written {
 public:
  Written() : file_(std::tmpfile()) { REQUIRE(file_ != nullptr); }
  ~Written() { std::fclose(file_); }
  std::FILE* file() { return file_; }
  std::string text() {
    std::rewind(file_);
    std::string text(65'536, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return text;
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;

 private:
  std::FILE* file_;
};

}  // namespace

TEST_CASE("the live view has a line a scenario and two of figures") {
  CHECK(
      render_live(sample(), Style{}) ==
      "running 01:05 of 02:00\n"
      "  device   ━━━━━━━━━━━━━─────────── "
      " 54%  49/50 VUs  12,345 iterations  50 VUs for 2m\n"
      "  cleanup  ━━━━━━━━━━━━──────────── "
      " 50%  2/2 VUs  5 iterations  10 iterations over 2 VUs\n"
      "  late     ──────────────────────── waits  0/0 VUs  0 iterations  later\n"
      "  over     ━━━━━━━━━━━━━━━━━━━━━━━━ done  0/1 VUs  0 iterations  1 VU\n"
      "  1,234 requests/s   p50 1.20ms   p95 8.00ms   p99 1.50s\n"
      "  80,000 requests   3 failed   1,200 dropped   generator 42% of a core   slip p99 90.0µs\n");
}

TEST_CASE("the line for logs has the same figures") {
  CHECK(render_line(sample()) ==
        "running 01:05  51 VUs  1,234 requests/s  p50 1.20ms  p95 8.00ms  p99 1.50s  3 failed  "
        "1,200 dropped  generator 42%");
  Progress quiet;
  quiet.phase = "warm-up";
  quiet.elapsed = 3h + 4min + 5s;
  CHECK(render_line(quiet) ==
        "warm-up 3:04:05  0 VUs  0 requests/s  p50 –  p95 –  p99 –  0 failed  generator 0%");
}

TEST_CASE("messages are shown beside requests, and alone where there are no requests") {
  Progress progress = sample();
  progress.messages_each_second = 2'500;
  progress.messages = 90'000;
  const std::string text = render_live(progress, Style{});
  CHECK(
      text.contains("  1,234 requests/s   p50 1.20ms   p95 8.00ms   p99 1.50s   "
                    "2,500 messages/s\n  80,000 requests   90,000 messages   3 failed"));
  CHECK(render_line(progress).contains("p99 1.50s  2,500 messages/s  3 failed"));
  progress.requests = 0;
  CHECK(render_live(progress, Style{}).contains("\n  2,500 messages/s\n  90,000 messages   3"));
  CHECK(render_line(progress).contains("51 VUs  2,500 messages/s  3 failed"));
}

TEST_CASE("a share beyond the plan fills the bar and no more") {
  Progress progress;
  progress.phase = "stopping";
  progress.scenarios = {
      {.name = "a",
       .elapsed = 30s,
       .duration = 10s,
       .vus_active = 1,
       .vus_max = 1,
       .started = true},
      {.name = "b", .iterations_done = 30, .iterations_planned = 10, .started = true}};
  const std::string text = render_live(progress, Style{});
  CHECK(text.find("a  ━━━━━━━━━━━━━━━━━━━━━━━━ 100%") != std::string::npos);
  CHECK(text.find("b  ━━━━━━━━━━━━━━━━━━━━━━━━ 100%") != std::string::npos);
}

TEST_CASE("plain lines come every ten seconds, warnings always") {
  Written out;
  LiveView view(out.file(), LiveView::Mode::lines, Style{});
  Progress progress;
  progress.phase = "running";
  for (int second = 1; second <= 25; ++second) {
    progress.elapsed = std::chrono::seconds(second);
    view.second(progress);
  }
  view.warning("a thing");
  view.ended();
  const std::string text = out.text();
  CHECK(text.starts_with("running 00:01"));
  CHECK(text.find("\nrunning 00:11") != std::string::npos);
  CHECK(text.find("\nrunning 00:21") != std::string::npos);
  CHECK(text.ends_with("\nwarning: a thing\n"));
  CHECK(std::ranges::count(text, '\n') == 4);
}

TEST_CASE("a redrawn view takes back what it drew, before a warning and at the end too") {
  Written out;
  LiveView view(out.file(), LiveView::Mode::redraw, Style{});
  Progress progress;
  progress.phase = "running";
  view.second(progress);
  view.second(progress);
  view.warning("a thing");
  view.second(progress);
  view.ended();
  view.ended();
  const std::string once = render_live(progress, Style{});
  const std::string back = "\x1b[3A\x1b[J";
  CHECK(out.text() == once + back + once + back + "warning: a thing\n" + once + back);
}

TEST_CASE("a quiet view says nothing but warnings") {
  Written out;
  LiveView view(out.file(), LiveView::Mode::quiet, Style{});
  view.phase("starting postgres");
  view.second(sample());
  view.warning("a thing");
  view.ended();
  CHECK(out.text() == "warning: a thing\n");
}
