#include "cli/script_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

struct ScriptOption {
  const char* option;    // k6's name; its variable is K6_ and this in capitals.
  const char* variable;  // Where that rule does not hold, else nullptr.
  const char* flag;      // nullptr: the verb has one of its own for it.
  enum class Kind : std::uint8_t { text, number, boolean, list, pairs, tags, stages } kind;
  const char* help;
};
using Kind = ScriptOption::Kind;

constexpr ScriptOption options[] = {
    {"vus", nullptr, nullptr, Kind::number, ""},
    {"duration", nullptr, nullptr, Kind::text, ""},
    {"iterations", nullptr, nullptr, Kind::number, ""},
    {"stages", nullptr, nullptr, Kind::stages, ""},
    {"batch", nullptr, "--batch", Kind::number, "Requests of one http.batch() at once"},
    {"batchPerHost", nullptr, "--batch-per-host", Kind::number, "Of these to one host"},
    {"blacklistIPs", "K6_BLACKLIST_IPS", "--blacklist-ip", Kind::list,
     "Networks that may not be asked: 10.0.0.0/8, again for more"},
    {"blockHostnames", nullptr, "--block-hostnames", Kind::list,
     "Names that may not be asked: *.example.com"},
    {"discardResponseBodies", nullptr, "--discard-response-bodies", Kind::boolean,
     "Keep no bodies unless a request wants its own"},
    {"dns", nullptr, "--dns", Kind::pairs, "ttl=5m,select=random,policy=preferIPv4"},
    {"consoleOutput", nullptr, "--console-output", Kind::text, "The file that console writes to"},
    {"httpDebug", nullptr, "--http-debug", Kind::text,
     "Show each request and response; =full: with their bodies"},
    {"executionSegment", nullptr, nullptr, Kind::text, ""},
    {"executionSegmentSequence", nullptr, nullptr, Kind::text, ""},
    {"handleSummaryTimeout", nullptr, nullptr, Kind::text, ""},
    {"insecureSkipTLSVerify", "K6_INSECURE_SKIP_TLS_VERIFY", "--insecure-skip-tls-verify",
     Kind::boolean, "The same as --insecure"},
    {"linger", nullptr, "-l,--linger", Kind::boolean, "Go on after the load, until Ctrl-C"},
    {"localIPs", "K6_LOCAL_IPS", nullptr, Kind::text, ""},
    {"maxRedirects", nullptr, "--max-redirects", Kind::number, "Followed (default 10)"},
    {"minIterationDuration", nullptr, "--min-iteration-duration", Kind::text,
     "A faster iteration waits for the rest"},
    {"noConnectionReuse", nullptr, "--no-connection-reuse", Kind::boolean,
     "A connection for each request"},
    {"noVUConnectionReuse", "K6_NO_VU_CONNECTION_REUSE", "--no-vu-connection-reuse", Kind::boolean,
     "New connections for each iteration"},
    {"noCookiesReset", nullptr, nullptr, Kind::boolean, ""},
    {"noSetup", nullptr, "--no-setup", Kind::boolean, "Do not run setup()"},
    {"noTeardown", nullptr, "--no-teardown", Kind::boolean, "Do not run teardown()"},
    {"noUsageReport", nullptr, "--no-usage-report", Kind::boolean, "None is ever made"},
    {"paused", nullptr, "-p,--paused", Kind::boolean, "Begin when brunt resume says so"},
    {"rps", "K6_RPS", "--rps", Kind::number, "Requests each second at most, of all VUs together"},
    {"setupTimeout", nullptr, nullptr, Kind::text, ""},
    {"summaryTimeUnit", nullptr, "--summary-time-unit", Kind::text, "s, ms, or us"},
    {"summaryTrendStats", nullptr, "--summary-trend-stats", Kind::list, "avg,min,med,max,p(90)"},
    {"systemTags", nullptr, "--system-tags", Kind::list, "Which tags of k6's samples have"},
    {"tags", nullptr, "--tag", Kind::tags, "NAME=VALUE for all samples, again for more"},
    {"teardownTimeout", nullptr, nullptr, Kind::text, ""},
    {"throw", nullptr, "-w,--throw", Kind::boolean, "A request that fails is an exception"},
    {"warmUp", "BRUNT_WARM_UP", "--warm-up", Kind::text,
     "How long at the start thresholds \"after warm-up\" leave out: 30s"},
    {"userAgent", nullptr, "--user-agent", Kind::text, "Of every request"},
};

// batchPerHost as K6_BATCH_PER_HOST.
std::string variable_of(const ScriptOption& option) {
  if (option.variable != nullptr) return option.variable;
  std::string name = "K6_";
  for (const char c : std::string_view(option.option)) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    if (is_capital) name += '_';
    name += is_capital || c < 'a' || c > 'z' ? c : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

// --batch of "-w,--batch".
std::string_view long_flag(std::string_view flag) {
  return flag.substr(flag.find("--"));
}

Result<Json> number_of(std::string_view where, const std::string& text) {
  auto number = parse_integer(text);
  if (!number) return fail_in(where, number.error());
  return Json(*number);
}

// "30s:10"
Result<Json> stage_of(std::string_view where, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    return fail(ErrorCode::invalid, fmt::format("{} {}: write it like 30s:10", where, text));
  Json stage{Json::Object()};
  // A number without a unit would be milliseconds: nobody means that here.
  if (const auto duration = parse_duration(text.substr(0, colon)); !duration)
    return fail_in(fmt::format("{} {}", where, text), duration.error());
  stage.set("duration", text.substr(0, colon));
  stage.set("target", TRY(number_of(where, std::string(text.substr(colon + 1)))));
  return stage;
}

Result<Json> pairs_of(std::string_view where, const std::vector<std::string>& texts) {
  Json pairs{Json::Object()};
  for (const std::string& text : texts)
    for (const std::string_view one : split(text, ',')) {
      const auto equals = one.find('=');
      if (equals == std::string_view::npos)
        return fail(ErrorCode::invalid, fmt::format("{} {}: write it like NAME=VALUE", where, one));
      pairs.set(one.substr(0, equals), one.substr(equals + 1));
    }
  return pairs;
}

// NAME=VALUE of a flag, as a whole; of a variable NAME:VALUE,…, as k6 reads it.
Result<Json> tags_of(std::string_view where, const std::vector<std::string>& texts) {
  const bool is_flag = where.starts_with('-');
  Json tags{Json::Object()};
  for (const std::string& text : texts)
    for (const std::string_view one :
         is_flag ? std::vector<std::string_view>{text} : split(text, ',')) {
      const auto end = one.find(is_flag ? '=' : ':');
      if (end == 0 || end == std::string_view::npos || end + 1 == one.size())
        return fail(ErrorCode::invalid, fmt::format("{} {}: write it like {}", where, one,
                                                    is_flag ? "NAME=VALUE" : "NAME:VALUE"));
      tags.set(one.substr(0, end), one.substr(end + 1));
    }
  return tags;
}

// k6 has no such option, but lets anything be in `ext`.
Result<Json> ext_of_warm_up(std::string_view where, const std::string& text) {
  if (const auto duration = parse_duration(text); !duration)
    return fail_in(where, duration.error());
  Json own{Json::Object()}, ext{Json::Object()};
  own.set("warmUp", text);
  ext.set("brunt", std::move(own));
  return ext;
}

// As Go's strconv.ParseBool.
Result<Json> boolean_of(std::string_view where, const std::string& text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == yes) return Json(true);
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == no) return Json(false);
  return fail(ErrorCode::invalid, fmt::format("{} {}: write true or false", where, text));
}

Result<Json> value_of(const ScriptOption& option, std::string_view where,
                      const std::vector<std::string>& texts) {
  const std::string& text = texts.back();
  switch (option.kind) {
    case Kind::number:
      return number_of(where, text);
    case Kind::boolean:
      return boolean_of(where, text);
    case Kind::stages:
      return stages_of(where, texts);
    case Kind::pairs:
      return pairs_of(where, texts);
    case Kind::tags:
      return tags_of(where, texts);
    case Kind::list: {
      Json list{Json::Array()};
      for (const std::string& each : texts)
        for (const std::string_view one : split(each, ','))
          if (!trim(one).empty()) list.push(trim(one));
      return list;
    }
    case Kind::text:
      break;
  }
  return Json(text);
}

constexpr int times_given_max = 1'000;

Result<> put(const ScriptOption& option, std::string_view where,
             const std::vector<std::string>& texts, Json& given) {
  if (option.option == std::string_view("warmUp"))
    given.set("ext", TRY(ext_of_warm_up(where, texts.back())));
  else
    given.set(option.option, TRY(value_of(option, where, texts)));
  return {};
}

}  // namespace

void add_script_options(CLI::App& verb, ScriptOptionTexts& texts, const char* group) {
  for (const ScriptOption& option : options) {
    if (option.flag == nullptr) continue;
    const std::string name = option.option;
    if (option.kind == Kind::boolean) {
      verb.add_flag_callback(
              option.flag, [&texts, name] { texts[name] = {"true"}; }, option.help)
          ->group(group);
    } else {
      verb.add_option_function<std::vector<std::string>>(
              option.flag,
              [&texts, name](const std::vector<std::string>& given) {
                // Without a value CLI11 gives an empty one.
                const bool is_bare = name == "httpDebug" && given.back().empty();
                texts[name] = is_bare ? std::vector<std::string>{"headers"} : given;
              },
              option.help)
          ->expected(name == "httpDebug" ? 0 : 1, times_given_max)
          ->allow_extra_args(false)
          ->group(group);
    }
  }
}

std::vector<std::string> words_of(const ScriptOptionTexts& texts) {
  std::vector<std::string> words;
  for (const ScriptOption& option : options) {
    const auto found = texts.find(option.option);
    if (found == texts.end() || option.flag == nullptr) continue;
    for (const std::string& text : found->second) {
      words.emplace_back(long_flag(option.flag));
      if (option.kind != Kind::boolean) words.push_back(text);
    }
  }
  return words;
}

Result<Json> stages_of(std::string_view where, const std::vector<std::string>& texts) {
  Json stages{Json::Array()};
  for (const std::string& text : texts)
    for (const std::string_view one : split(text, ','))
      if (!one.empty()) stages.push(TRY(stage_of(where, one)));
  return stages;
}

Result<Json> script_options_of(const ScriptOptionTexts& texts) {
  Json given{Json::Object()};
  for (const ScriptOption& option : options)
    if (const auto found = texts.find(option.option); found != texts.end())
      TRY(put(option, long_flag(option.flag), found->second, given));
  return given;
}

Result<Json> script_options_of_environment(const std::map<std::string, std::string>& environment) {
  Json given{Json::Object()};
  for (const ScriptOption& option : options) {
    const std::string variable = variable_of(option);
    const auto found = environment.find(variable);
    if (found == environment.end() || found->second.empty()) continue;
    TRY(put(option, variable, {found->second}, given));
  }
  return given;
}

}  // namespace brunt
