// What the VUs of one scenario of a script do: the function that its `exec` names, once an
// iteration.
//
//   auto body = TRY(ScriptBody::create(context, {.registry = registry, .scenario = 0,
//                                                .model = LoadModel::closed, .setup_data = ""}));
//
// One for each scenario on each loop, as a PlanBody is. Each VU has a JavaScript engine of its own
// in Vu::state; what all share is here: series and requests that are known already.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/websocket_client.h"
#include "load/vu.h"
#include "script/tag_bounds.h"
#include "step/body_series.h"
#include "step/draft_pool.h"
#include "step/http_series.h"
#include "step/request_series.h"
#include "step/step_context.h"

namespace brunt {

struct ScriptExchange;
struct GrpcShared;

struct ScriptBodyOptions {
  const MetricRegistry& registry;  // Has the script's own metrics.
  std::uint32_t scenario = 0;      // Of Plan::scenarios.
  LoadModel model = LoadModel::closed;
  std::string_view setup_data;  // JSON: what setup() returned; "": nothing.
  bool outside = false;         // Of all scenarios, as setup() and teardown(): no such tag.
};

// A request that can be sent again as it is.
struct KnownRequest {
  Url url;
  EncodedRequest encoded;
  HttpSeries* series = nullptr;
};

// What handleSummary() returned: where each text goes (stdout, stderr, a file) and the text.
using ScriptTexts = std::vector<std::pair<std::string, std::string>>;

class ScriptBody final : public VuBody {
 public:
  struct Limits {
    std::size_t requests_known_max = 512;  // Encoded ones kept.
    std::size_t names_exact_max = 20;      // URLs of one shape that get a name of their own.
    std::size_t shapes_max = 1'000;        // Beyond: TagBounds::other.
  };

  // `context` and what the options name must outlive it. REQUIRES: the scenario has a `script`.
  // Errors: invalid (a tag).
  static Result<std::unique_ptr<ScriptBody>> create(StepContext& context,
                                                    const ScriptBodyOptions& options);
  ~ScriptBody() override;

  Result<> start_vu(Fiber& self, Vu& vu) override;
  IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) override;
  void end_vu(Fiber& self, Vu& vu) override;

  // Runs an exported function by itself, as setup() and teardown(): gives what it returned as
  // JSON, "" for nothing. Parks. Errors: cancelled; malformed, with the exception.
  Result<std::string> run_once(Fiber& self, const std::string& function, std::string_view data);

  // The same with handleSummary(), which gets `data` (JSON).
  Result<ScriptTexts> summarize(Fiber& self, std::string_view data);

  // For the modules (engine.h).
  ScenarioContext& scenario() { return scenario_; }
  bool is_outside() const { return outside_; }  // As setup() and teardown() are.
  const ScriptBundle& bundle() const { return *call_.bundle; }
  const ScriptCall& call() const { return call_; }
  const HttpSessionOptions& session_options() const { return scenario_.session; }
  const WebSocketClientOptions& websocket_options() const { return websockets_; }
  std::uint32_t enter_group(std::uint32_t outer, std::string_view name);
  const std::string& group_path(std::uint32_t group) const { return groups_[group]; }
  // `tags`: name, value, name, value ... each ended by a '\n'; "" for none. What has too many
  // values is counted as tag_bounds.h says.
  Series& check_series(std::string_view name, std::uint32_t group, std::string_view tags);
  Series& metric_series(MetricId metric, std::uint32_t group, std::string_view tags);
  RequestSeries& request_series(const RequestMetrics& metrics, std::uint32_t group,
                                std::string_view tags);
  struct HttpSeriesKey {
    std::string_view method, name;
    std::uint32_t group = 0;
    std::string_view tags, expected;
  };
  HttpSeries& http_series(const HttpSeriesKey& key);
  // The `name` tag of a URL that was given none: itself, or its shape where there are many of it
  // and no threshold names it.
  std::string_view name_of_url(std::string_view url);
  const KnownRequest* find_request(std::string_view key) const;
  // nullptr: there are enough. What is kept stays where it is.
  const KnownRequest* keep_request(std::string_view key, KnownRequest request);
  DraftPool<ScriptExchange>& exchanges() { return exchanges_; }
  GrpcShared& grpc();  // grpc_session.h
  Result<MetricId> find_metric(std::string_view name) const { return registry_.find(name); }
  void say(std::string_view text);
  void note_error(std::string_view text);
  // Tells the user, each text once; nothing is counted.
  void warn(std::string_view text);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <typename Value>
  using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  ScriptBody(ScenarioContext scenario, ScriptCall call, const ScriptBodyOptions& options);
  TagSetId tags_of(std::uint32_t group, std::string_view tags, std::vector<Tag> more);

  ScenarioContext scenario_;
  ScriptCall call_;  // The scenario's, with all of its environment.
  BodySeries body_series_;
  const MetricRegistry& registry_;
  Limits limits_;
  bool outside_;
  TagBounds bounds_;
  std::string setup_data_;
  std::vector<std::string> groups_ = {""};
  ByText<std::uint32_t> group_ids_;
  ByText<Series*> series_;
  ByText<std::unique_ptr<HttpSeries>> http_;
  ByText<std::unique_ptr<RequestSeries>> request_series_;  // Of other protocols.
  ByText<StatusCheck> expected_;
  ByText<KnownRequest> requests_;
  ByText<std::string> names_;   // Of URLs seen.
  ByText<std::size_t> shapes_;  // How many URLs of each.
  std::string key_;             // Scratch.
  DraftPool<ScriptExchange> exchanges_;
  MessageDeflate deflate_;
  WebSocketClientOptions websockets_;
  std::unique_ptr<GrpcShared> grpc_;  // From its first use on.
};

}  // namespace brunt
