#include "script/script_reader.h"

#include <doctest/doctest.h>

#include <chrono>

#include "plan/script_bundle.h"
#include "script/script_folder_for_tests.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

const std::string no_op = "export default function () {}\n";

Plan read_good(const std::string& text, const ScriptSettings& settings = {}) {
  auto plan = read_script(text, "test.js", settings);
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
  return std::move(*plan);
}

std::string error_in(const std::string& text) {
  const auto plan = read_script(text, "test.js", {});
  REQUIRE_FALSE(plan.has_value());
  return plan.error().text;
}

Plan with_options(const std::string& options, const ScriptSettings& settings = {}) {
  return read_good(no_op + "export const options = " + options, settings);
}

}  // namespace

TEST_CASE("without options a script runs once") {
  const Plan plan = read_good(no_op);
  REQUIRE(plan.scenarios.size() == 1);
  CHECK(plan.name == "test");
  CHECK(plan.scenarios[0].name == "default");
  CHECK(plan.scenarios[0].load.executor == ExecutorKind::per_vu_iterations);
  CHECK(plan.scenarios[0].load.iterations == 1);
  CHECK(plan.scenarios[0].script->function == "default");
}

TEST_CASE("a script says its warm-up where k6 lets it say anything") {
  const std::string thresholds = "thresholds: { http_req_duration: ['avg<150 after warm-up'] }";
  CHECK(with_options("{" + thresholds + ", ext: { brunt: { warmUp: '30s' } } }").warmup == 30s);
  CHECK(with_options("{ ext: { loadimpact: { name: 'x' } } }").warmup == std::nullopt);
  CHECK(error_in(no_op + "export const options = {" + thresholds + "}") ==
        "options.thresholds.http_req_duration: \"avg<150 after warm-up\" needs to know the "
        "warm-up: say --warm-up 30s, or ext: { brunt: { warmUp: \"30s\" } } in the script's "
        "options");
  CHECK(error_in(no_op + "export const options = { ext: { brunt: { warmup: '1s' } } }") ==
        "options.ext.brunt.warmup: there is no such option; there is warmUp");
  CHECK(error_in(no_op + "export const options = { ext: { brunt: { warmUp: 'x' } } }")
            .starts_with("options.ext.brunt.warmUp: "));
  ScriptSettings settings;
  settings.command_line_options = Json::parse(R"({"ext":{"brunt":{"warmUp":"5s"}}})").value();
  const Plan plan = with_options("{ ext: { brunt: { warmUp: '30s' }, other: 1 } }", settings);
  CHECK(plan.warmup == 5s);
  CHECK(plan.script->options == R"({"ext":{"brunt":{"warmUp":"5s"},"other":1}})");
  settings.place = ScriptPlace::in_a_plan;
  const Plan part = with_options("{ ext: { brunt: { warmUp: '30s' } } }", settings);
  CHECK(part.warmup == std::nullopt);
  CHECK(part.script->warnings.at(0).contains("has no effect in a plan"));
}

TEST_CASE("the shortcuts become the executors that k6 makes of them") {
  const auto load = [](const std::string& options) {
    return with_options(options).scenarios[0].load;
  };
  CHECK(load("{ vus: 3, duration: '30s' }").executor == ExecutorKind::constant_vus);
  CHECK(load("{ vus: 3, duration: '30s' }").duration == 30s);
  CHECK(load("{ vus: 3, iterations: 9, duration: 5000 }").executor ==
        ExecutorKind::shared_iterations);
  CHECK(load("{ vus: 3, iterations: 9, duration: 5000 }").max_duration == 5s);
  const ScenarioOptions ramp =
      load("{ stages: [{ duration: '1m30s', target: 10 }, { duration: 0, target: 0 }] }");
  CHECK(ramp.executor == ExecutorKind::ramping_vus);
  CHECK(ramp.stages == std::vector<Stage>{{90s, 10}, {0s, 0}});
  CHECK(load("{ vus: 4 }").executor == ExecutorKind::shared_iterations);
  CHECK(load("{ vus: 4 }").iterations == 4);
  CHECK(load("{ vus: 4 }").preparation == VuPreparation::before_the_scenario);
}

TEST_CASE("scenarios take k6's fields, and drop what finds no user free") {
  const Plan plan = with_options(R"({ scenarios: {
    open: { executor: 'ramping-arrival-rate', startRate: 5, timeUnit: '1m', preAllocatedVUs: 7, maxVUs: 9,
            stages: [{ duration: '10s', target: 60 }], startTime: '5s', gracefulStop: '1s',
            env: { A: 'b' }, tags: { t: 'u' }, exec: 'other' } } }; export function other() {})");
  const Scenario& open = plan.scenarios[0];
  CHECK(open.load.when_busy == WhenBusy::drop);
  CHECK(open.load.start_rate == 5);
  CHECK(open.load.time_unit == 1min);
  CHECK(open.load.pre_allocated_vus == 7);
  CHECK(open.load.max_vus == 9);
  CHECK(open.load.start_time == 5s);
  CHECK(open.load.graceful_stop == 1s);
  CHECK(open.script->function == "other");
  CHECK(open.script->environment.at("A") == "b");
  CHECK(open.tags == Tags{{"t", "u"}});
}

TEST_CASE("thresholds become expectations, of a script's own metrics too") {
  const Plan plan = read_good(
      "import { Trend } from 'k6/metrics'; const own = new Trend('own_time', true);" + no_op +
      "export const options = { thresholds: { own_time: ['p(95)<200'],"
      "'http_req_duration{status:200}': [{ threshold: 'avg<1', abortOnFail: true, "
      "delayAbortEval: '10s' }] } }");
  REQUIRE(plan.expectations.size() == 2);
  CHECK(plan.expectations[0].threshold.metric.name == "own_time");
  CHECK(plan.expectations[1].threshold.on_fail == OnFail::abort);
  CHECK(plan.expectations[1].threshold.delay_abort == 10s);
  CHECK(plan.expectations[1].threshold.no_samples == NoSamples::pass);
}

TEST_CASE("thresholds by tags that make no series are told") {
  const Plan plan = with_options(
      "{ thresholds: { 'iterations{vu:1,iter:0}': ['count==0'], 'http_reqs{ip:::1}': ['count>0'] } "
      "}");
  REQUIRE(plan.script->warnings.size() == 3);
  CHECK(plan.script->warnings[0].starts_with("The high-cardinality 'vu' metric tag"));
  CHECK(plan.script->warnings[1].find("'iterations{vu:1,iter:0}'") != std::string::npos);
  CHECK(plan.script->warnings[2].find("http_reqs{ip:::1}") != std::string::npos);
}

TEST_CASE("the command line wins over the environment, which wins over the script") {
  const auto parse = [](const char* text) { return Json::parse(text).value(); };
  const std::string options = "{ vus: 1, stages: [{ duration: '1s', target: 1 }] }";
  const Plan environment =
      with_options(options, {.environment_options = parse(R"({"duration": "20s", "vus": 2})")});
  CHECK(environment.scenarios[0].load.executor == ExecutorKind::constant_vus);
  CHECK(environment.scenarios[0].load.vus == 2);
  const Plan both =
      with_options(options, {.environment_options = parse(R"({"duration": "20s", "vus": 2})"),
                             .command_line_options = parse(R"({"iterations": 5})")});
  CHECK(both.scenarios[0].load.executor == ExecutorKind::shared_iterations);
  CHECK(both.scenarios[0].load.vus == 2);
}

TEST_CASE("a file of options stands below the script, and dns is put together name by name") {
  const auto parse = [](const char* text) { return Json::parse(text).value(); };
  const Plan plan = with_options(
      "{ vus: 5, dns: { select: 'first' } }",
      {.file_options = parse(R"({"STAGES": [{"Duration": "20s", "target": 10}], "vus": 1,
                                 "dns": {"ttl": "0", "select": "random"}})"),
       .environment_options = parse(R"({"dns": {"policy": "any"}})")});
  CHECK(plan.scenarios[0].load.executor == ExecutorKind::ramping_vus);
  CHECK(plan.scenarios[0].load.start_vus == 5);
  CHECK(plan.script->network.dns_select == "first");
  CHECK(plan.script->network.dns_policy == "any");
  CHECK(plan.script->network.dns_ttl == 0s);
}

TEST_CASE("names of options count in any case, and numbers in texts are milliseconds") {
  const Plan plan = with_options(
      "{ SummaryTrendStats: ['avg'], scenarios: { a: { executor: 'ramping-vus', startvus: 3, "
      "gracefulstop: '1500', Stages: [{ duration: 1000.5, target: 4 }] } } }");
  const ScenarioOptions& load = plan.scenarios[0].load;
  CHECK(load.start_vus == 3);
  CHECK(load.graceful_stop == 1500ms);
  CHECK(load.stages[0].duration == 1000500us);
  CHECK(plan.script->life.trend_stats == std::vector<std::string>{"avg"});
}

TEST_CASE("a load that is empty is one iteration, and VUs alone take the place of scenarios") {
  const Plan empty = with_options("{ scenarios: {} }");
  CHECK(empty.scenarios[0].load.executor == ExecutorKind::per_vu_iterations);
  CHECK(empty.script->warnings ==
        std::vector<std::string>{"options.scenarios is empty: one VU runs one iteration"});
  const Plan alone =
      with_options("{ scenarios: { a: { executor: 'constant-vus', duration: '1s' } } }",
                   {.command_line_options = Json::parse(R"({"vus": 8})").value()});
  CHECK(alone.scenarios[0].load.executor == ExecutorKind::shared_iterations);
  CHECK(alone.scenarios[0].load.iterations == 8);
  CHECK(alone.script->warnings.size() == 1);
}

TEST_CASE("thresholds that are ignored are not even read") {
  const Plan plan =
      with_options("{ thresholds: { nope: ['p(95)<1'] } }", {.ignores_thresholds = true});
  CHECK(plan.expectations.empty());
}

TEST_CASE("what makes no sense is refused with the option's name") {
  const auto error = [](const std::string& options) {
    return error_in(no_op + "export const options = " + options);
  };
  CHECK(error("{ stages: [{ duration: '1s', target: 1 }], duration: '5s' }") ==
        "options: duration and stages cannot both say what the load is");
  CHECK(error("{ scenarios: { a: { executor: 'constant-vus', duration: '1s', vuss: 3 } } }") ==
        "options.scenarios.a.vuss: there is no such field; did you mean \"vus\"?");
  CHECK(error("{ scenarios: { a: { executor: 'constant-vu', duration: '1s' } } }")
            .starts_with("options.scenarios.a.executor: "));
  CHECK(error("{ scenarios: { a: { executor: 'constant-vus', duration: '1s', stages: [] } } }") ==
        "options.scenarios.a.stages: constant-vus does not take it; it belongs to ramping-vus, "
        "ramping-arrival-rate");
  CHECK(error("{ scenarios: { a: { executor: 'externally-controlled', vus: 3, maxVUs: 2, "
              "duration: '0' } } }")
            .contains("maxVUs: is 2; it must not be less than vus (3)"));
  CHECK(error("{ scenarios: { a: { executor: 'externally-controlled', vus: 3, maxVUs: 5 } } }")
            .contains("duration: externally-controlled needs one"));
  CHECK(error("{ scenarios: { a: { duration: '1s' } } }").contains("needs an executor"));
  CHECK(error("{ scenarios: { a: { executor: 'constant-vus', duration: '1s', exec: 'gone' } } }") ==
        "options.scenarios.a.exec: the script exports no function gone");
  CHECK(error("{ duration: '5 parsecs' }").starts_with("options.duration: "));
  CHECK(error("{ thresholds: { nope: ['p(95)<1'] } }").starts_with("options.thresholds: "));
  CHECK(error("{ thresholds: { http_reqs: ['p(95)<1'] } }").starts_with("options.thresholds: "));
  CHECK(error("{ vus: -1 }").contains("vus"));
  CHECK(error("{ stages: [{ duration: '1s' }] }").contains("a duration and a target"));
  CHECK(error("{ dns: { select: '' } }").contains("dns"));
  CHECK(error("{ dns: { server: '1.1.1.1' } }").contains("dns"));
  CHECK(error("[1]") == "options: the script has to export an object");
  CHECK(error_in("export const options = {}") == "test.js: no exported functions in script");
  for (const char* wrong : {"[]", "5", "() => {}"})
    CHECK(error_in("export const options = " + std::string(wrong) + "; export default () => {}") ==
          "options: the script has to export an object");
}

TEST_CASE("options that have no effect are told, and do not stop the run") {
  const Plan plan = with_options("{ features: 'a', noUsageReport: true, nonsense: 1 }");
  REQUIRE(plan.script->warnings.size() == 2);
  CHECK(plan.script->warnings[0] == "options.features is not supported yet, and has no effect");
  CHECK(plan.script->warnings[1] == "options.nonsense: there is no such option");
}

TEST_CASE("options of the network are kept for the run") {
  const Plan plan = with_options(
      "{ hosts: { 'shop.test': '127.0.0.1', 'a.test:80': '127.0.0.2:8080' }, rps: 50,"
      "  blacklistIPs: ['10.0.0.0/8'], blockHostnames: ['*.evil.test'], localIPs: '127.0.0.5',"
      "  dns: { ttl: '1m', select: 'first', policy: 'onlyIPv4' },"
      "  tlsVersion: { min: 'tls1.2', max: 'tls1.3' }, tlsCipherSuites: ['TLS_AES_128_GCM_SHA256'],"
      "  tlsAuth: [{ cert: 'C', key: 'K', password: 'p' }],"
      "  executionSegment: '1/4', executionSegmentSequence: '0,1/4,1',"
      "  setupTimeout: '5s', teardownTimeout: 1500, noTeardown: true,"
      "  summaryTrendStats: ['avg', 'p(99.9)'], summaryTimeUnit: 'ms' }");
  CHECK(plan.script->warnings.empty());
  const ScriptNetworkOptions& network = plan.script->network;
  CHECK(network.hosts.size() == 2);
  CHECK(network.blocked == std::vector<std::string>{"10.0.0.0/8", "*.evil.test"});
  CHECK(network.local_ips == "127.0.0.5");
  CHECK(network.dns_ttl == 60s);
  CHECK(network.dns_select == "first");
  CHECK(network.requests_each_second == 50);
  CHECK(network.tls_version_min == "tls1.2");
  CHECK(network.tls_ciphers == "TLS_AES_128_GCM_SHA256");
  REQUIRE(network.certificates.size() == 1);
  CHECK(network.certificates[0].key_password == "p");
  CHECK(network.segment == "1/4");
  CHECK(plan.script->life.setup_max == 5s);
  CHECK(plan.script->life.teardown_max == 1500ms);
  CHECK(plan.script->life.trend_stats == std::vector<std::string>{"avg", "p(99.9)"});
}

TEST_CASE("certificates go to the servers that they are for, and lost ciphers are told") {
  const Plan plan = with_options(
      "{ tlsAuth: [{ cert: 'C', key: 'K' }, { cert: 'D', key: 'L', domains: ['*.shop.test'] }],"
      "  tlsVersion: { min: 'ssl3.0', max: 'tls1.2' }, httpDebug: 'full', consoleOutput: 'c.log',"
      "  systemTags: ['url', 'vu'],"
      "  tlsCipherSuites: ['TLS_RSA_WITH_RC4_128_SHA', 'TLS_RSA_WITH_AES_128_GCM_SHA256',"
      "                    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305'] }");
  const ScriptNetworkOptions& network = plan.script->network;
  REQUIRE(network.certificates.size() == 2);
  CHECK(network.certificates[0].domains.empty());
  CHECK(network.certificates[1].domains == std::vector<std::string>{"*.shop.test"});
  CHECK(network.tls_version_min == "tls1.0");
  CHECK(network.tls_ciphers ==
        "TLS_RSA_WITH_AES_128_GCM_SHA256:TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
  CHECK(plan.script->http.debug == ScriptHttpOptions::Debug::full);
  CHECK(plan.script->console_output == "c.log");
  REQUIRE(plan.script->warnings.size() == 1);
  CHECK(plan.script->warnings[0].contains("TLS_RSA_WITH_RC4_128_SHA is left out"));
}

TEST_CASE("options of the network that make no sense are refused") {
  for (const char* options :
       {"{ hosts: 'x' }", "{ blacklistIPs: ['10.0.0.0/99'] }", "{ localIPs: 'nowhere' }",
        "{ dns: { policy: 'none' } }", "{ dns: { select: 5 } }", "{ tlsVersion: 'tls9' }",
        "{ tlsAuth: { cert: 'a' } }", "{ systemTags: ['nope'] }", "{ rps: 'many' }",
        "{ executionSegment: '3/2' }", "{ summaryTimeUnit: 'h' }", "{ summaryTrendStats: ['x'] }",
        "{ setupTimeout: 'soon' }"}) {
    CAPTURE(options);
    CHECK(error_in(no_op + "export const options = " + options).starts_with("options."));
  }
}

TEST_CASE("a mistake in the script is told with file and line") {
  CHECK(error_in("export default function () {\n  let = ;\n}\n").contains("test.js:2"));
  CHECK(error_in(no_op + "throw new TypeError('early')").starts_with("TypeError: early"));
  CHECK(error_in(no_op + "while (true) {}") == "the script's init code does not come to an end");
}

TEST_CASE("what is not supported is refused with module and line") {
  CHECK(error_in("import a from 'k6';\nimport tracing from 'k6/experimental/tracing';\n" + no_op) ==
        "test.js:2: module k6/experimental/tracing: not supported yet");
  CHECK(error_in("import { browser } from 'k6/browser';\n" + no_op) ==
        "test.js:1: module k6/browser: browsers are not driven: brunt makes load with protocols");
  CHECK(error_in("import { nope } from 'k6/http';\n" + no_op).contains("nope"));
  CHECK(error_in("import x from 'https://jslib.k6.io/x.js';\n" + no_op)
            .contains("modules from the network are not fetched"));
  CHECK(error_in("import x from 'lodash';\n" + no_op).contains("packages are not looked up"));
  CHECK(error_in("import { nothing } from 'k6';\n" + no_op).contains("nothing"));
  CHECK(error_in("import http from 'k6/http';\nimport {\n  check,\n  chek } from 'k6';\n" +
                 no_op) == "test.js:4: SyntaxError: k6 has no chek");
  CHECK(error_in("import x from './gone.js';\n" + no_op).contains("gone.js"));
}

TEST_CASE("a file that cannot be had is an exception that a script can catch") {
  CHECK(read_good("let kept; try { open('x'.repeat(300)) } catch (error) { kept = error }"
                  "export default function () {}")
            .script != nullptr);
  CHECK(error_in("open('x'.repeat(300)); export default function () {}").contains("open()"));
}

TEST_CASE("a test is aborted from a timer of init code too") {
  const std::string told = error_in(
      "import exec from 'k6/execution'; setTimeout(() => exec.test.abort('later'), 1);"
      "export default function () {}");
  CHECK(told == "test aborted: later");
}

TEST_CASE("what a module does not have is told before the run where nothing else can be meant") {
  const auto warned = [](const std::string& text) {
    return read_good(text + "\nexport default function () {}").script->warnings;
  };
  CHECK(
      warned("import http from 'k6/http';\nconst go = () =>\n  http.gett('/') || http.get('/');") ==
      std::vector<std::string>{"test.js:3: k6/http has no gett"});
  CHECK(warned("import * as k6 from 'k6';\nconst go = () => k6.chek(k6.sleep);") ==
        std::vector<std::string>{"test.js:2: k6 has no chek"});
  CHECK(
      warned("import exec, { test } from 'k6/execution';\nconst go = () => [exec.vu, exec.vus];") ==
      std::vector<std::string>{"test.js:2: k6/execution has no vus"});
  for (const char* const none :
       {"import http from 'k6/http'; const go = (http) => http.gett();",
        "import http from 'k6/http'; const go = () => { const http = {}; http.gett(); };",
        "import http from 'k6/http'; // http.gett()\nconst text = 'http.gett()';",
        "import http from 'k6/http'; const other = { http: {} }; other.http.gett;",
        "import http from 'k6/http'; http.toString();", "const http = { gett() {} }; http.gett();"})
    CHECK_MESSAGE(warned(none).empty(), none);
}

TEST_CASE("local modules, JSON and opened files are read once and kept") {
  const TemporaryFolder folder =
      script_folder({{"lib/util.js",
                      "import more from '../more.json';\nimport * as main from '../main.js';\n"
                      "export const twice = (x) => x * more.factor;"},
                     {"more.json", "{\"factor\": 2}"},
                     {"data.txt", "seven"}});
  const std::string text =
      "import { twice } from './lib/util.js';\n"
      "const read = open('./data.txt'), bytes = open('data.txt', 'b');\n"
      "export const options = { vus: twice(2), iterations: read.length + "
      "bytes.byteLength };\nexport default () => {};";
  const auto plan = read_script(text, folder / "main.js", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
  CHECK(plan->scenarios[0].load.vus == 4);
  CHECK(plan->scenarios[0].load.iterations == 10);
  CHECK(plan->script->modules.size() == 3);
  CHECK(plan->script->files.size() == 1);
  CHECK(read_script("open('./none.txt');" + no_op, folder / "main.js", {})
            .error()
            .text.contains("none.txt"));
}

TEST_CASE("the environment is there as texts") {
  const Plan plan =
      read_good("export const options = { vus: Number(__ENV.USERS), iterations: 9 };" + no_op,
                {.environment = {{"USERS", "3"}}});
  CHECK(plan.scenarios[0].load.vus == 3);
}

}  // namespace brunt
