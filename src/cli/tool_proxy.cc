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
  std::string driver = "proxy";
  std::string loss, duplicate, corrupt, reorder;  // Of packets: netem only.
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

Result<> read_share(std::string_view flag, const std::string& text, double& out) {
  if (text.empty()) return {};
  auto share = parse_percent(text);
  if (!share) return fail_in(flag, std::move(share).error());
  out = *share;
  return {};
}

// The road as the flags have it, whoever makes it.
Result<RoadShape> shape_of(const ProxyFlags& flags) {
  RoadShape shape;
  if (flags.latency.empty() && !flags.jitter.empty())
    return fail(ErrorCode::invalid, "--jitter needs --latency");
  auto latency = flags.latency.empty() ? Duration{} : parse_duration(flags.latency);
  if (!latency) return fail_in("--latency", std::move(latency).error());
  auto jitter = flags.jitter.empty() ? Duration{} : parse_duration(flags.jitter);
  if (!jitter) return fail_in("--jitter", std::move(jitter).error());
  if (flags.distribution != "uniform" && flags.distribution != "normal")
    return fail(ErrorCode::invalid,
                fmt::format("--distribution {}: give uniform or normal", flags.distribution));
  shape.round_trip = *latency;
  shape.jitter = *jitter;
  if (flags.distribution == "normal") shape.distribution = JitterShape::normal;
  std::string_view width = flags.bandwidth;
  if (width.ends_with("/s")) width.remove_suffix(2);
  auto bytes = width.empty() ? std::uint64_t{0} : parse_size(width);
  if (!bytes) return fail_in("--bandwidth", std::move(bytes).error());
  shape.bytes_a_second = *bytes;
  TRY(read_share("--loss", flags.loss, shape.loss));
  TRY(read_share("--duplicate", flags.duplicate, shape.duplicate));
  TRY(read_share("--corrupt", flags.corrupt, shape.corrupt));
  TRY(read_share("--reorder", flags.reorder, shape.reorder));
  return shape;
}

// Whether the kernel makes the road. Errors: invalid: what only the kernel can do asked of the
// proxy.
Result<bool> is_by_kernel(const ProxyFlags& flags) {
  if (flags.driver == "netem" && flags.listen.empty())
    return fail(ErrorCode::invalid,
                "--driver netem makes one road: give LISTEN and UPSTREAM, where it leads");
  if (flags.driver == "netem") return true;
  if (flags.driver != "proxy")
    return fail(ErrorCode::invalid, fmt::format("--driver {}: give proxy or netem", flags.driver));
  if (!flags.loss.empty() || !flags.duplicate.empty() || !flags.corrupt.empty() ||
      !flags.reorder.empty())
    return fail(ErrorCode::invalid,
                "--loss, --duplicate, --corrupt and --reorder are of single packets, which TCP "
                "hides from a proxy: they need --driver netem");
  return false;
}

Result<std::vector<Toxic>> toxics_of(const ProxyFlags& flags) {
  std::vector<Toxic> toxics;
  const RoadShape shape = TRY(shape_of(flags));
  const bool is_ours = !TRY(is_by_kernel(flags));
  if (is_ours && !flags.latency.empty())
    toxics.push_back({.name = "latency",
                      .type = ToxicType::latency,
                      .stream = ToxicStream::both,
                      .delay = shape.round_trip / 2,
                      .jitter = shape.jitter / 2,
                      .shape = shape.distribution,
                      .handshake = true});
  if (is_ours && !flags.bandwidth.empty()) {
    toxics.push_back({.name = "bandwidth",
                      .type = ToxicType::bandwidth,
                      .stream = ToxicStream::both,
                      .bytes_a_second = shape.bytes_a_second});
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

// nullptr: the proxy does it all itself.
Result<std::unique_ptr<KernelRoad>> open_road(Fiber& self, const ProxyFlags& flags) {
  if (!TRY(is_by_kernel(flags))) return nullptr;
  auto road = KernelRoad::open(self, TRY(shape_of(flags)));
  if (!road) return fail_in("--driver netem", std::move(road).error());
  return road;
}

// Where this process may connect to besides loopback: over its own road too.
std::vector<std::string> allowed(const ProxyFlags& flags, const KernelRoad* road) {
  std::vector<std::string> hosts = flags.allow;
  if (road != nullptr) hosts.push_back(road->far_end().ip());
  return hosts;
}

class ProxyTool {
 public:
  ProxyTool(Fiber& self, const ProxyFlags& flags, AllowList allow, std::unique_ptr<KernelRoad> road)
      : self_(self),
        flags_(flags),
        allow_(std::move(allow)),
        road_(std::move(road)),
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
    behind_road_.stop(self_);
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
    if (road_ != nullptr) options.upstream = TRY(lead_over_road());
    Proxy* const proxy = TRY(proxies_.create(options));
    for (const Toxic& toxic : toxics) TRY(proxy->set_toxic(toxic));
    note_socket(proxy->endpoint());
    print(fmt::format("{} leads to {}{}{}; Ctrl-C ends it\n", proxy->endpoint().text(),
                      flags_.upstream, road_ == nullptr ? "" : " over a road of the kernel",
                      toxics.empty() ? "" : " with toxics"));
    return {};
  }

  // A second proxy, at the far end of the road: gives its address.
  Result<std::string> lead_over_road() {
    const Proxy* const far = TRY(behind_road_.create({.name = "far end",
                                                      .listen = Endpoint::any(0),
                                                      .upstream = flags_.upstream,
                                                      .road = road_.get()}));
    return far->endpoint().text();
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
  std::unique_ptr<KernelRoad> road_;  // Where the kernel makes it.
  ProxySet proxies_;
  ProxySet behind_road_{self_.loop(), dialer_, {}};
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
  return run_on_loop(
      [&](Fiber& self, Signals& signals) {
        ask_for_short_slices();
        auto road = open_road(self, flags);
        if (!road) return wrong(road.error());
        auto allow = AllowList::parse({.allow = allowed(flags, road->get())});
        if (!allow) return wrong(allow.error());
        const auto tool = std::make_unique<ProxyTool>(self, flags, *allow, std::move(*road));
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
    "  brunt tool proxy localhost:6380 localhost:6379 --driver netem --latency 40ms --loss 1%\n"
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
  verb->add_option("--driver", f.driver,
                   "Who makes the road: proxy, or netem, the kernel, packet by packet (root)");
  verb->add_option("--loss", f.loss, "Packets lost each way: 1% (with netem)");
  verb->add_option("--duplicate", f.duplicate, "Packets that come twice (with netem)");
  verb->add_option("--corrupt", f.corrupt, "Packets with a flipped bit (with netem)");
  verb->add_option("--reorder", f.reorder, "Packets that overtake (with netem and --latency)");
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
