// `brunt tool proxy`: a road between a client and a service that can be made long, narrow and
// broken.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "base/units.h"
#include "cli/console.h"
#include "cli/terminal.h"
#include "cli/tools.h"
#include "fault/control_api.h"
#include "judge/exit_code.h"
#include "loop/time_slice.h"
#include "net/allow_list.h"
#include "server/http_server.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

struct ProxyFlags {
  std::string listen, upstream, latency, jitter, distribution = "uniform", bandwidth, control;
  std::string backend =
      "epoll";  // Measured: passes more than io_uring does here, of bulk twice as much.
  std::vector<std::string> toxics, allow;
  std::uint64_t seed = 1;
  bool share_port = false;
};

// TYPE[@STREAM][,ATTRIBUTE=VALUE…], as the control API would be told it.
Result<Toxic> parse_toxic_flag(std::string_view text) {
  const auto parts = split(text, ',');
  const std::size_t at = parts[0].find('@');
  Json json;
  json.set("type", parts[0].substr(0, at));
  if (at != std::string_view::npos) json.set("stream", parts[0].substr(at + 1));
  Json attributes{Json::Object{}};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos)
      return fail(ErrorCode::invalid, fmt::format("\"{}\" is no ATTRIBUTE=VALUE", parts[i]));
    const std::string_view name = parts[i].substr(0, equals);
    const std::string_view value = parts[i].substr(equals + 1);
    Json read = Json::parse(value).value_or(Json(value));
    if (name == "name" || name == "toxicity")
      json.set(name, std::move(read));
    else
      attributes.set(name, std::move(read));
  }
  const Json::Object& given = attributes.object();
  Toxic toxic;
  json.set("attributes", attributes);
  toxic = TRY(toxic_from_json(json, ToxicReading::whole));
  for (const Json::Member& member : given) {
    std::vector<std::string_view> known;
    for (const ToxicAttribute& attribute : kind_of(toxic.type).attributes)
      known.push_back(attribute.name);
    if (std::ranges::find(known, member.first) == known.end())
      return fail(ErrorCode::invalid,
                  fmt::format("{} has no attribute \"{}\"{}; it has: {}", name_of(toxic.type),
                              member.first, did_you_mean(member.first, known),
                              known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
  return toxic;
}

// The road's length: half of it in each direction, as --latency is for a round trip.
Result<> add_latency(const ProxyFlags& flags, std::vector<Toxic>& out) {
  if (flags.latency.empty() && !flags.jitter.empty())
    return fail(ErrorCode::invalid, "--jitter needs --latency");
  if (flags.latency.empty()) return {};
  auto latency = parse_duration(flags.latency);
  if (!latency) return fail_in("--latency", std::move(latency).error());
  Result<Duration> jitter = Duration{};
  if (!flags.jitter.empty()) jitter = parse_duration(flags.jitter);
  if (!jitter) return fail_in("--jitter", std::move(jitter).error());
  if (flags.distribution != "uniform" && flags.distribution != "normal")
    return fail(ErrorCode::invalid,
                fmt::format("--distribution {}: give uniform or normal", flags.distribution));
  out.push_back(
      {.name = "latency",
       .type = ToxicType::latency,
       .stream = ToxicStream::both,
       .delay = *latency / 2,
       .jitter = *jitter / 2,
       .shape = flags.distribution == "normal" ? JitterShape::normal : JitterShape::uniform,
       .handshake = true});
  return {};
}

Result<std::vector<Toxic>> toxics_of(const ProxyFlags& flags) {
  std::vector<Toxic> toxics;
  TRY(add_latency(flags, toxics));
  if (!flags.bandwidth.empty()) {
    std::string_view text = flags.bandwidth;
    if (text.ends_with("/s")) text.remove_suffix(2);
    auto size = parse_size(text);
    if (!size) return fail_in("--bandwidth", std::move(size).error());
    toxics.push_back({.name = "bandwidth",
                      .type = ToxicType::bandwidth,
                      .stream = ToxicStream::both,
                      .bytes_a_second = *size});
    TRY(check_toxic(toxics.back()));
  }
  for (const std::string& text : flags.toxics) {
    auto toxic = parse_toxic_flag(text);
    if (!toxic) return fail_in("--toxic " + text, std::move(toxic).error());
    toxics.push_back(std::move(*toxic));
  }
  return toxics;
}

struct Traffic {
  double up = 0, down = 0, accepted = 0, open = 0, refused = 0, failed = 0, broken = 0, ran_out = 0;
};

Traffic traffic_of(const ProxySet& proxies) {
  Traffic sum;
  for (const Proxy* const proxy : proxies.all()) {
    const ProxyStats& stats = proxy->stats();
    sum.up += static_cast<double>(stats.bytes_upstream.get());
    sum.down += static_cast<double>(stats.bytes_downstream.get());
    sum.accepted += static_cast<double>(stats.connections_accepted.get());
    sum.open += static_cast<double>(stats.connections_open.get());
    sum.refused += static_cast<double>(stats.connections_refused.get());
    sum.failed += static_cast<double>(stats.upstream_failed.get());
    sum.broken += static_cast<double>(stats.broken.get());
    sum.ran_out += static_cast<double>(stats.ran_out.get());
  }
  return sum;
}

void show_traffic(Fiber& self, const ProxySet& proxies) {
  Traffic before;
  while (self.sleep(1s)) {
    const Traffic now = traffic_of(proxies);
    print(fmt::format(
        "{} open, {} new, up {}/s, down {}/s{}{}{}\n", format_count(now.open),
        format_count(now.accepted - before.accepted), format_bytes(now.up - before.up),
        format_bytes(now.down - before.down),
        now.refused > before.refused ? fmt::format(", {} refused", now.refused - before.refused)
                                     : "",
        now.failed > before.failed
            ? fmt::format(", upstream not reached {} times", now.failed - before.failed)
            : "",
        now.broken > before.broken ? fmt::format(", {} broken", now.broken - before.broken) : ""));
    before = now;
  }
}

// Says once that this process can carry no more connections: who comes then waits or is reset.
void watch_limit(Fiber& self, const ProxySet& proxies) {
  while (self.sleep(1s)) {
    for (const Proxy* const proxy : proxies.all()) {
      if (proxy->stats().ran_out.get() == 0) continue;
      complain(fmt::format(
          "at the limit with {} connections, each of which takes two descriptors: {}\n"
          "proxies of several processes can listen at one address: start each with --share-port",
          format_count(traffic_of(proxies).open), proxy->shortage()));
      return;
    }
  }
}

std::string totals(const Traffic& sum) {
  return fmt::format(
      "{} connections, {} up, {} down; {} refused, {} broken, upstream not reached {} times{}\n",
      format_count(sum.accepted), format_bytes(sum.up), format_bytes(sum.down), sum.refused,
      sum.broken, sum.failed,
      sum.ran_out > 0 ? fmt::format(", at the limit {} times", sum.ran_out) : "");
}

class ProxyTool {
 public:
  ProxyTool(Fiber& self, const ProxyFlags& flags, AllowList allow)
      : self_(self),
        flags_(flags),
        allow_(std::move(allow)),
        proxies_(self.loop(), dialer_, {.seed = flags.seed, .share_ports = flags.share_port}) {}

  Result<> run(Signals& signals) {
    const std::vector<Toxic> toxics = TRY(toxics_of(flags_));
    FiberGroup fibers(self_.loop());
    const Result<> started = start(toxics, fibers);
    if (started) {
      (void)fibers.spawn("limit", [&](Fiber& fiber) { watch_limit(fiber, proxies_); });
      if (Terminal::detect(1).interactive)
        (void)fibers.spawn("traffic", [&](Fiber& fiber) { show_traffic(fiber, proxies_); });
      (void)signals.next(self_, far_future);
    }
    const Traffic sum = traffic_of(proxies_);
    fibers.cancel();
    (void)fibers.join(self_);
    proxies_.stop(self_);
    for (const std::string& path : sockets_) std::filesystem::remove(path);
    if (started) print(totals(sum));
    return started;
  }

 private:
  Result<> start(const std::vector<Toxic>& toxics, FiberGroup& fibers) {
    if (!flags_.listen.empty()) TRY(start_proxy(toxics));
    if (!flags_.control.empty()) TRY(start_control(fibers));
    return {};
  }

  Result<> start_proxy(const std::vector<Toxic>& toxics) {
    ProxyOptions options{.name = "proxy", .upstream = flags_.upstream};
    options.listen = TRY(parse_listen_address(flags_.listen));
    Proxy* const proxy = TRY(proxies_.create(options));
    for (const Toxic& toxic : toxics) TRY(proxy->set_toxic(toxic));
    note_socket(proxy->endpoint());
    print(fmt::format("{} leads to {}{}; Ctrl-C ends it\n", proxy->endpoint().text(),
                      proxy->upstream(), toxics.empty() ? "" : " with toxics"));
    return {};
  }

  Result<> start_control(FiberGroup& fibers) {
    const Endpoint at = TRY(parse_listen_address(flags_.control));
    if (!at.is_loopback())
      return fail(ErrorCode::denied, fmt::format("--control {}: the API asks for no password, so "
                                                 "it listens at loopback addresses and unix "
                                                 "sockets only",
                                                 flags_.control));
    server_ = TRY(HttpServer::listen(self_.loop(), {.at = at}, control_api(proxies_)));
    note_socket(at);
    TRY(fibers.spawn("control", [this](Fiber& fiber) { server_->serve(fiber); }));
    print(fmt::format("control API at {}\n", server_->endpoint().text()));
    return {};
  }

  void note_socket(const Endpoint& at) {
    if (at.family() == AF_UNIX) sockets_.push_back(at.ip());
  }

  Fiber& self_;
  const ProxyFlags& flags_;
  AllowList allow_;
  Resolver resolver_{self_.loop(), {}};
  Dialer dialer_{self_.loop(), resolver_, allow_, {}};
  ProxySet proxies_;
  std::unique_ptr<HttpServer> server_;
  std::vector<std::string> sockets_;
};

int run_proxy(const ProxyFlags& flags) {
  const auto wrong = [](const Error& error) {
    complain(error.text);
    return exit_code_of(error);
  };
  if (flags.listen.empty() && flags.control.empty())
    return wrong({ErrorCode::invalid, "give LISTEN and UPSTREAM, or --control; see --help"});
  if (!flags.listen.empty() && flags.upstream.empty())
    return wrong({ErrorCode::invalid,
                  fmt::format("where does {} lead to? give UPSTREAM too", flags.listen)});
  const auto backend = parse_backend(flags.backend);
  if (!backend) return wrong(backend.error());
  auto allow = AllowList::parse({.allow = flags.allow});
  if (!allow) return wrong(allow.error());
  return run_on_loop(
      [&](Fiber& self, Signals& signals) {
        ask_for_short_slices();
        const auto tool = std::make_unique<ProxyTool>(self, flags, *allow);
        const auto done = tool->run(signals);
        return done ? 0 : wrong(done.error());
      },
      *backend);
}

std::string kinds_text() {
  std::string text = "\nToxics (--toxic TYPE[@upstream|@downstream|@both][,ATTRIBUTE=VALUE...]):\n";
  for (const ToxicKind& kind : toxic_kinds()) {
    text += fmt::format("  {:<11} {}\n", name_of(kind.type), kind.about);
    for (const ToxicAttribute& attribute : kind.attributes)
      text += fmt::format("    {:<16} {}\n", attribute.name, attribute.about);
  }
  return text;
}

constexpr const char* proxy_examples =
    "\nExamples:\n"
    "  brunt tool proxy localhost:6380 localhost:6379 --latency 154ms --jitter 4ms\n"
    "  brunt tool proxy localhost:8081 localhost:8080 --bandwidth 100kB/s\n"
    "  brunt tool proxy unix:/tmp/db.sock localhost:5432 --toxic limit_data@upstream,bytes=1000\n"
    "  brunt tool proxy localhost:6380 localhost:6379 --control localhost:8474\n"
    "  brunt tool proxy --control localhost:8474      as toxiproxy-server: clients create "
    "proxies\n";

}  // namespace

void add_proxy(CLI::App& tool, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<ProxyFlags>();
  ProxyFlags& f = *flags;
  CLI::App* verb = tool.add_subcommand("proxy", "A road that can be made long, narrow and broken");
  verb->add_option("listen", f.listen, "Where clients connect: localhost:6380, unix:/path")
      ->type_name("LISTEN");
  verb->add_option("upstream", f.upstream, "Where it leads to: localhost:6379, unix:/path")
      ->type_name("UPSTREAM");
  verb->add_option("--latency", f.latency, "Added to each round trip, half of it each way");
  verb->add_option("--jitter", f.jitter, "How much that varies; never reorders a stream");
  verb->add_option("--distribution", f.distribution, "Of the jitter: uniform, normal");
  verb->add_option("--bandwidth", f.bandwidth, "Bytes a second each way: 100kB/s, 1MiB/s");
  verb->add_option("--toxic", f.toxics, "Any toxic, see below; may be repeated")
      ->allow_extra_args(false);
  verb->add_option("--control", f.control, "Where Toxiproxy's HTTP API listens (loopback)");
  verb->add_option("--seed", f.seed, "Of all chance: one seed, the same faults");
  verb->add_option("--allow", f.allow, "A host beyond loopback that it may lead to")
      ->allow_extra_args(false);
  verb->add_flag("--share-port", f.share_port,
                 "Several proxies at one address, for more connections than one process may have");
  verb->add_option("--backend", f.backend, "epoll (the faster one here), io_uring, auto");
  verb->footer(kinds_text() + proxy_examples);
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return run_proxy(g); }; });
}

}  // namespace brunt
