// A script that is ready to run: what is left of its files after they were read and compiled once.
// Plain data, constant, shared by every loop and virtual user.
//
// The script layer makes it (script/script_reader.h) and runs it (script/script_body.h); a plan
// only carries it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "metrics/metric.h"

namespace brunt {

// What the script's options say about requests.
struct ScriptHttpOptions {
  std::string user_agent = "brunt";
  std::uint32_t redirects_max = 10;
  bool redirects_given = false;        // By the script: no word about more than that.
  std::uint32_t batch_max = 20;        // Requests of one http.batch() at once.
  std::uint32_t batch_origin_max = 6;  // Of these to one host.
  bool http2 = true;                   // false: GODEBUG=http2client=0, as k6 has it.
  bool reuse = true;                   // false: noConnectionReuse.
  bool reuse_over_iterations = true;   // false: noVUConnectionReuse.
  bool reset_cookies = true;           // false: noCookiesReset.
  bool discard_bodies = false;
  bool throws = false;  // A request that fails is an exception.
  // httpDebug: requests and responses are shown, with their bodies or without.
  enum class Debug : std::uint8_t { off, heads, full } debug = Debug::off;
};

// The elements of a SharedArray, each as JSON with a NUL behind it: made once, read by all.
struct SharedRows {
  std::string text;
  std::vector<std::size_t> ends;  // Of each row: where its NUL stands.

  std::size_t size() const { return ends.size(); }
  std::string_view row(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends[index - 1] + 1;
    return std::string_view(text).substr(begin, ends[index] - begin);
  }
  void add(std::string_view json) {
    text.append(json).push_back('\0');
    ends.push_back(text.size() - 1);
  }
};

// What the script's options say about its setup(), teardown() and handleSummary().
struct ScriptLifeOptions {
  bool has_setup = false, has_teardown = false, has_summary = false;  // To be called.
  Duration setup_max = std::chrono::seconds(60);
  Duration teardown_max = std::chrono::seconds(60);
  Duration summary_max = std::chrono::seconds(120);
  std::vector<std::string> trend_stats = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  std::string time_unit;  // "", "s", "ms", "us"
  bool paused = false;    // It begins when the REST API says so.
  bool linger = false;    // It ends only when it is told to.
};

// What they say about names, addresses and TLS: as written, read without errors once already.
struct ScriptNetworkOptions {
  std::vector<std::pair<std::string, std::string>>
      hosts;                         // Who asks for the first goes to the other.
  std::vector<std::string> blocked;  // Names and networks.
  std::string local_ips;
  std::optional<Duration> dns_ttl;
  std::string dns_select, dns_policy;
  std::string tls_version_min, tls_version_max, tls_ciphers;
  struct Certificate {
    std::vector<std::string> domains;            // None: of every server that no other is for.
    std::string certificate, key, key_password;  // PEM.
  };
  std::vector<Certificate> certificates;
  double requests_each_second = 0;  // 0: any number.
  std::string segment, segment_sequence;
};

// Where k6/secrets looks: --secret-source.
struct ScriptSecretSource {
  std::string name;  // "": it has none.
  bool is_default = false;
  std::map<std::string, std::string, std::less<>> values;
};

struct Plan;
// Of proto/proto_schema.h, which the script layer knows.
class ProtoSchema;

struct ScriptBundle {
  std::string entry;                           // The main module's name: its path as given.
  std::map<std::string, std::string> modules;  // Byte code, by name.
  std::set<std::string> commonjs;              // Those of them that are no ES modules.
  std::map<std::string, std::string> imports;  // Byte code that imports a module for require().
  std::string start;                           // The same for the entry.
  std::map<std::string, std::string, std::less<>> libraries;     // Byte code, by name.
  std::map<std::string, std::string, std::less<>> files;         // What open() read, by path.
  std::map<std::string, SharedRows, std::less<>> shared_arrays;  // By name.
  // What gRPC clients loaded. Shared: only so can it be kept without being known here.
  std::map<std::string, std::shared_ptr<const ProtoSchema>, std::less<>> schemas;
  std::map<std::string, std::string> environment;  // __ENV.
  std::vector<MetricInfo> metrics;                 // The script's own.
  std::vector<ScriptSecretSource> secrets;
  ScriptLifeOptions life;
  ScriptNetworkOptions network;
  std::string options;  // JSON: what they came to, for exec.test.options.
  ScriptHttpOptions http;
  double time_scale = 1;                 // Sleeps are divided by it.
  std::string console_output;            // The file that console writes to; "": the terminal.
  std::vector<std::string> system_tags;  // That samples in --out have; empty: k6's own.
  std::vector<std::string> warnings;     // For the user, before the run.
  std::set<std::string> functions;       // That it exports.
  std::string load_error;  // Why its own load cannot be run, where a plan may have one.
};

// The scripts of a plan, each once, in the order of their first scenarios.
struct PlannedScript {
  const ScriptBundle* bundle = nullptr;
  std::uint32_t scenario = 0;  // The first: setup() and teardown() see its environment.
};
std::vector<PlannedScript> scripts_of(const Plan& plan);
// Which of these a scenario runs. REQUIRES: it has a script.
std::size_t script_of(const Plan& plan, std::uint32_t scenario);

}  // namespace brunt
