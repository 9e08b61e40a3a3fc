// `brunt pause`, `resume`, `scale`, `status` and `stats`: a run that goes on, by its REST API.
#include <fmt/format.h>

#include "base/url.h"
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/verbs.h"
#include "client/http_client.h"
#include "fault/proxy.h"
#include "judge/exit_code.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr Duration answer_timeout = 10s;

struct ControlFlags {
  std::string address;
  std::optional<std::uint64_t> vus, vus_max;
};

struct ControlQuestion {
  std::string address;
  const char* method = "GET";
  const char* path = "/v1/status";
  Json body = {};  // Null: none.
};

// The document that was answered. Errors: nobody is there.
Result<Json> answer_to(Fiber& self, const ControlQuestion& question) {
  ProxyTarget target = TRY(parse_proxy_target(question.address));
  // It was named to be asked, and nothing is loaded.
  const AllowList allow = TRY(AllowList::parse({.allow = {target.host}}));
  Resolver resolver(self.loop(), {});
  Dialer dialer(self.loop(), resolver, allow, {});
  HttpContext context{.loop = self.loop(), .dialer = dialer};
  const HttpClientOptions options;
  HttpClient client(context, options);
  const HttpOrigin origin{.host = std::move(target.host), .port = target.port};
  const std::string text = question.body.is_null() ? std::string() : question.body.dump();
  const std::string message = fmt::format(
      "{} {} HTTP/1.1\r\nHost: brunt\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "\r\n{}",
      question.method, question.path, text.size(), text);
  HttpReply reply;
  TRY(client.send(self, {.origin = origin, .head = message}, reply, self.now() + answer_timeout));
  if (!reply.ok())
    return fail(ErrorCode::io,
                fmt::format("no run answers at {} ({}); a run serves the REST API where it is "
                            "started with --address",
                            question.address, reply.failure->detail));
  auto body = Json::parse(reply.body());
  if (body) return body;
  return fail(ErrorCode::malformed,
              fmt::format("what answers at {} is no REST API", question.address));
}

// The document's `data`. Errors: also what the API says.
Result<Json> ask(Fiber& self, const ControlQuestion& question) {
  const Json body = TRY(answer_to(self, question));
  if (const Json* data = body.find("data")) return *data;
  const Json* errors = body.find("errors");
  if (errors != nullptr && errors->is_array() && !errors->array().empty())
    if (const Json* detail = errors->array().front().find("detail"))
      return fail(ErrorCode::invalid, detail->text());
  return fail(ErrorCode::malformed,
              fmt::format("what answers at {} is no REST API", question.address));
}

// As YAML, a member a line: what k6's commands print.
std::string lines_of(const Json& attributes, std::string_view indent) {
  std::string out;
  for (const auto& [name, value] : attributes.is_object() ? attributes.object() : Json::Object{}) {
    if (value.is_object())
      out += fmt::format("{}{}:\n{}", indent, name, lines_of(value, fmt::format("{}  ", indent)));
    else
      out += fmt::format("{}{}: {}\n", indent, name, value.text());
  }
  return out;
}

std::string status_text(const Json& data) {
  const Json* attributes = data.find("attributes");
  return attributes == nullptr ? "" : lines_of(*attributes, "");
}

std::string stats_text(const Json& data) {
  std::string out;
  for (const Json& metric : data.is_array() ? data.array() : Json::Array{}) {
    const Json* name = metric.find("id");
    const Json* attributes = metric.find("attributes");
    if (name == nullptr || attributes == nullptr) continue;
    out += fmt::format("- name: {}\n{}", name->text(), lines_of(*attributes, "  "));
  }
  return out;
}

using Show = std::string (*)(const Json& data);

int run_question(const ControlQuestion& question, Show show) {
  return run_on_loop([&](Fiber& self, Signals&) {
    const auto data = ask(self, question);
    if (!data) {
      complain(data.error().text);
      return exit_code_of(data.error());
    }
    return print(show(*data)) ? 0 : code_of(ExitCode::other);
  });
}

Json change_of(Json attributes) {
  return Json::Object{
      {"data",
       Json::Object{{"type", "status"}, {"id", "default"}, {"attributes", std::move(attributes)}}}};
}

int run_scale(const ControlFlags& flags) {
  if (!flags.vus && !flags.vus_max) {
    complain("scale: give --vus or --max, or both");
    return code_of(ExitCode::invalid_config);
  }
  Json attributes{Json::Object{}};
  if (flags.vus) attributes.set("vus", *flags.vus);
  if (flags.vus_max) attributes.set("vus-max", *flags.vus_max);
  return run_question(
      {.address = flags.address, .method = "PATCH", .body = change_of(std::move(attributes))},
      status_text);
}

struct ControlVerb {
  const char* name;
  const char* help;
  int (*run)(const ControlFlags& flags);
};

int run_paused(const ControlFlags& flags, bool paused) {
  return run_question({.address = flags.address,
                       .method = "PATCH",
                       .body = change_of(Json::Object{{"paused", paused}})},
                      status_text);
}

constexpr ControlVerb verbs[] = {
    {"pause", "Pause a run: what is under way ends, nothing new is started",
     [](const ControlFlags& flags) { return run_paused(flags, true); }},
    {"resume", "Let a paused run go on, or begin",
     [](const ControlFlags& flags) { return run_paused(flags, false); }},
    {"scale", "Change the VUs of a run's externally-controlled scenario", run_scale},
    {"status", "Show whether a run is paused, and its VUs",
     [](const ControlFlags& flags) {
       return run_question({.address = flags.address}, status_text);
     }},
    {"stats", "Show the metrics of a run so far",
     [](const ControlFlags& flags) {
       return run_question({.address = flags.address, .path = "/v1/metrics"}, stats_text);
     }},
};

}  // namespace

void add_control(CLI::App& app, CommandLine& line) {
  for (const ControlVerb& verb : verbs) {
    // shared_ptr: the callback is a std::function, which copies what it holds.
    auto flags = std::make_shared<ControlFlags>();
    flags->address = usual_rest_address;
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    sub->add_option("-a,--address", flags->address,
                    "Where the run serves its REST API (default localhost:6565)")
        ->envname("K6_ADDRESS");
    if (verb.run == run_scale) {
      sub->add_option("-u,--vus", flags->vus, "VUs from now on");
      sub->add_option("-m,--max", flags->vus_max, "VUs that there may be at most");
    }
    sub->footer(fmt::format("\nExample:\n  brunt {}{} --address localhost:6565", verb.name,
                            verb.run == run_scale ? " --vus 20" : ""));
    sub->callback(
        [&line, flags, run = verb.run]() { line.todo = [flags, run] { return run(*flags); }; });
  }
}

}  // namespace brunt
