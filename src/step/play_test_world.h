// A body played on the simulated network, for the tests of steps and of scripts: a server that
// answers as told, VUs that run their iterations one after the other, and what was measured.
//
// StepWorld (step_test_world.h) plays plans with it, the script layer's ScriptWorld scripts.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "client/http_test_world.h"
#include "metrics/totals.h"
#include "step/step_context.h"

namespace brunt {

// A whole response with this body.
inline std::string reply(const std::string& body, const std::string& fields = "",
                         const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct PlayWorld : StepWatcher {
  using Answer = std::function<void(Peer&, const std::string& request)>;

  std::map<std::string, std::string> answers;  // By target; else 404.
  Answer answer;                               // Instead, where it is set.
  std::function<void(Peer&)> speak;            // Instead of HTTP, with each connection.

  // What happened.
  std::vector<std::string> requests;
  std::vector<Instant> arrivals;
  std::vector<IterationEnd> ends;
  std::vector<std::string> told, vus_failed;
  Duration elapsed{};
  Totals totals;

  // A counter's sum, a rate's hits; of the series that have these tags.
  double sum(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    if (!sink) return 0;
    return sink->kind() == MetricKind::rate ? static_cast<double>(sink->hits()) : sink->sum();
  }
  std::uint64_t count(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    return sink ? sink->count() : 0;
  }
  double mean(std::string_view metric) const {
    const auto sink = totals.select({std::string(metric), {}});
    return sink ? sink->sum() / static_cast<double>(sink->count()) : -1;
  }

  // "GET /path" of each request.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const std::string& request : requests) lines.push_back(line_of(request));
    return lines;
  }

 protected:
  struct Players {
    int vus = 1;
    std::uint64_t iterations = 1;  // Of each VU.
    Duration lateness{};           // Of every iteration.
    Duration cut_off = 1h;         // When everything is cancelled, as at a scenario's end.
  };

  void step_failed(std::string_view, std::string_view text) override { told.emplace_back(text); }

  void serve_http(Peer& peer) {
    if (speak) return speak(peer);
    while (true) {
      const std::string request = peer.request();
      if (request.empty()) return;
      requests.push_back(request);
      arrivals.push_back(peer.now());
      if (answer) {
        answer(peer, request);
        continue;
      }
      const auto parts = split(std::string_view(request).substr(0, request.find("\r\n")), ' ');
      const auto found = answers.find(std::string(parts[1]));
      if (!peer.send(found == answers.end() ? reply("", "", "404 Not Found") : found->second))
        return;
    }
  }

  void run_vus(Fiber& self, VuBody& body, const Players& players) {
    const Instant started = self.now();
    bool over = false;
    Fiber* end = *self.loop().spawn("end", [&](Fiber& fiber) {
      if (!fiber.sleep(players.cut_off)) return;
      over = true;
      self.cancel();
    });
    std::uint64_t index = 0;
    for (int number = 1; number <= players.vus; ++number) {
      Vu vu{.id_in_test = static_cast<std::uint64_t>(number),
            .id_in_scenario = static_cast<std::uint64_t>(number)};
      if (auto ready = body.start_vu(self, vu); !ready) {
        vus_failed.push_back(ready.error().text);
        continue;
      }
      for (std::uint64_t i = 0; i < players.iterations; ++i) {
        const Iteration iteration{.index = index++,
                                  .index_in_vu = i,
                                  .planned = self.now() - players.lateness,
                                  .started = self.now()};
        ends.push_back(body.run(self, vu, iteration));
      }
      body.end_vu(self, vu);
    }
    elapsed = self.now() - started;
    if (!over) end->cancel();
  }

  void take_samples(Recorder& recorder) {
    REQUIRE(totals.merge(0, recorder.freeze(0)));
    (void)totals.close_second(0);
  }
};

}  // namespace brunt
