// `faults:` of a plan: one verb that says what is done to whom, and when.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

struct Verb {
  std::string_view word;
  FaultAction action;
  ToxicType toxic = ToxicType::down;
};
constexpr std::array<Verb, 12> verbs = {{
    {"stop", FaultAction::stop},
    {"kill", FaultAction::kill},
    {"freeze", FaultAction::freeze},
    {"restart", FaultAction::restart},
    {"starve", FaultAction::starve},
    {"cut", FaultAction::link, ToxicType::down},
    {"refuse", FaultAction::link, ToxicType::refuse},
    {"reset", FaultAction::link, ToxicType::reset_peer},
    {"blackhole", FaultAction::link, ToxicType::blackhole},
    {"stall", FaultAction::link, ToxicType::stall},
    {"slow", FaultAction::link, ToxicType::latency},
    {"narrow", FaultAction::link, ToxicType::bandwidth},
}};

constexpr Duration cycle_min = std::chrono::milliseconds(100);
constexpr std::uint64_t memory_min = 1u << 20u;

bool is_embedded(const ServicePlan& service) {
  const auto* engine = std::get_if<EngineService>(&service.kind);
  return engine != nullptr && engine->name == "sqlite";
}

bool runs_as_process(const ServicePlan& service) {
  return !is_embedded(service) && !std::holds_alternative<AddressService>(service.kind);
}

class FaultReader {
 public:
  FaultReader(ReadContext& context, Plan& plan, MapReader& map, FaultSpec& spec)
      : context_(context), plan_(plan), map_(map), spec_(spec) {}

  void read() {
    if (!read_verb()) return;
    read_times();
    if (spec_.action == FaultAction::starve) read_starvation();
    if (spec_.action == FaultAction::link) read_toxic();
    map_.finish();
  }

 private:
  bool read_verb() {
    std::vector<std::string_view> words;
    const Verb* verb = nullptr;
    for (const Verb& each : verbs) {
      words.push_back(each.word);
      const Field found = map_.find(each.word);
      if (!found) continue;
      if (verb != nullptr) {
        context_.error(
            found, fmt::format("a fault does one thing: \"{}\" or \"{}\"", verb->word, each.word));
        return false;
      }
      verb = &each;
      target_ = found;
    }
    if (verb == nullptr) {
      context_.error(map_.field(),
                     fmt::format("what is done to whom? one of: {}", fmt::join(words, ", ")));
      return false;
    }
    spec_.action = verb->action;
    spec_.toxic.type = verb->toxic;
    if (!context_.read(target_, spec_.target)) return false;
    if (spec_.action == FaultAction::link)
      check_link();
    else
      check_service(verb->word);
    return true;
  }

  void check_service(std::string_view verb) {
    std::vector<std::string_view> names;
    for (const ServicePlan& service : plan_.services) {
      names.push_back(service.name);
      if (service.name != spec_.target) continue;
      if (!runs_as_process(service))
        context_.error(target_, fmt::format("brunt does not start \"{}\" as a process, so it "
                                            "cannot {} it",
                                            service.name, verb));
      return;
    }
    context_.error(target_, fmt::format("there is no service \"{}\"{}", spec_.target,
                                        did_you_mean(spec_.target, names)));
  }

  // A link that `links:` names, or a road that the fault alone is a reason to lead through the
  // proxy.
  void check_link() {
    std::vector<std::string_view> names;
    for (const LinkPlan& link : plan_.links) {
      if (link.name == spec_.target) return;
      names.push_back(link.name);
    }
    const std::string_view text = spec_.target;
    const std::size_t arrow = text.find("->");
    if (arrow != std::string_view::npos &&
        add_link(trim(text.substr(0, arrow)), trim(text.substr(arrow + 2))))
      return;
    context_.error(target_,
                   fmt::format("there is no link \"{}\"{}: write FROM->TO, from a scenario "
                               "or a service to a service that brunt can lead there",
                               spec_.target, did_you_mean(spec_.target, names)));
  }

  bool add_link(std::string_view from, std::string_view to) {
    LinkPlan link{.name = fmt::format("{}->{}", from, to), .at = target_.at};
    const auto scenario = std::ranges::find(plan_.scenarios, from, &Scenario::name);
    const auto source = std::ranges::find(plan_.services, from, &ServicePlan::name);
    const auto target = std::ranges::find(plan_.services, to, &ServicePlan::name);
    const bool is_scenario = scenario != plan_.scenarios.end();
    if (target == plan_.services.end() || is_embedded(*target)) return false;
    if (!is_scenario && (source == plan_.services.end() || source == target)) return false;
    if (!is_scenario && !runs_as_process(*source)) return false;
    link.from_kind = is_scenario ? LinkPlan::From::scenario : LinkPlan::From::service;
    link.from = static_cast<std::uint32_t>(is_scenario ? scenario - plan_.scenarios.begin()
                                                       : source - plan_.services.begin());
    link.to = static_cast<std::uint32_t>(target - plan_.services.begin());
    // `links:` may have it under another name.
    for (const LinkPlan& other : plan_.links)
      if (other.from_kind == link.from_kind && other.from == link.from && other.to == link.to)
        link.name = other.name;
    spec_.target = link.name;
    if (std::ranges::find(plan_.links, link.name, &LinkPlan::name) == plan_.links.end())
      plan_.links.push_back(std::move(link));
    return true;
  }

  void read_times() {
    const Field up = map_.find("up"), down = map_.find("down"), at = map_.find("at"),
                lasts = map_.find("for");
    const bool instant = spec_.action == FaultAction::restart;
    if (up || down) {
      if (at || lasts)
        context_.error(at ? at : lasts,
                       "either a cycle, \"up\" and \"down\", or fixed times, \"at\" and \"for\"");
      return read_cycle(up, down);
    }
    if (!at) {
      context_.error(map_.field(),
                     "when? give \"at\" (and \"for\"), or \"up\" and \"down\" for a cycle");
      return;
    }
    read_instants(at);
    if (instant && lasts) context_.error(lasts, "a restart takes as long as the service needs");
    if (lasts) context_.read(lasts, spec_.lasts);
    const bool may_be_nothing = instant || spec_.action == FaultAction::kill;
    if (!lasts && !may_be_nothing)
      context_.error(map_.field(), "for how long? give \"for\"");
    else if (lasts && spec_.lasts.low <= Duration{} && !may_be_nothing)
      context_.error(lasts, "has to be above 0");
  }

  void read_cycle(const Field& up, const Field& down) {
    spec_.up.emplace();
    spec_.down.emplace();
    const bool instant = spec_.action == FaultAction::restart;
    if (instant && down) context_.error(down, "a restart takes as long as the service needs");
    if (!up || (!down && !instant)) {
      context_.error(up ? up : down, fmt::format("\"{}\" is missing", up ? "down" : "up"));
      return;
    }
    context_.read(up, *spec_.up);
    if (down) context_.read(down, *spec_.down);
    if (spec_.up->low + spec_.down->low < cycle_min)
      context_.error(up, "up and down together have to be 100ms or more");
  }

  void read_instants(const Field& at) {
    std::vector<Field> items{at};
    if (at.node->kind == YamlNode::Kind::list) items = list_items(context_, at);
    for (const Field& item : items) {
      Duration instant{};
      if (context_.read(item, instant)) spec_.at.push_back(instant);
    }
    if (items.empty()) context_.error(at, "there is no time in here");
    std::ranges::sort(spec_.at);
  }

  void read_starvation() {
    Starvation& out = spec_.starvation;
    const Field cpu = map_.find("cpu"), memory = map_.find("memory"),
                descriptors = map_.find("descriptors"), disk = map_.find("disk");
    if (!cpu && !memory && !descriptors && !disk)
      context_.error(map_.field(), "of what? give cpu, memory, descriptors, or disk: full");
    std::string text;
    if (context_.read(cpu, text)) {
      const auto share = parse_percent(text);
      if (!share || *share < 0.01 || *share > 64)
        context_.error(cpu, fmt::format("\"{}\": give a share of one core, 1% to 6400%", text));
      else
        out.cpu = *share;
    }
    if (context_.read(memory, text)) {
      const auto bytes = parse_size(text);
      if (!bytes || *bytes < memory_min)
        context_.error(memory, fmt::format("\"{}\": give a size like 64MiB, 1MiB or more", text));
      else
        out.memory = *bytes;
    }
    std::uint64_t count = 0;
    if (context_.read(descriptors, count)) out.descriptors = count;
    if (disk && !std::ranges::any_of(plan_.services, [&](const ServicePlan& service) {
          return service.name == spec_.target &&
                 std::holds_alternative<EngineService>(service.kind);
        }))
      context_.error(disk, "only an engine has a disk of its own that can be full");
    if (context_.read(disk, text)) {
      if (text != "full") context_.error(disk, fmt::format("\"{}\": a disk can be \"full\"", text));
      out.disk_full = true;
    }
  }

  void read_toxic() {
    Toxic& toxic = spec_.toxic;
    toxic.name = spec_.name;
    toxic.stream = ToxicStream::both;
    std::string text;
    if (const Field share = map_.find("share"); context_.read(share, text)) {
      const auto part = parse_percent(text);
      if (!part || *part <= 0 || *part > 1)
        context_.error(share, fmt::format("\"{}\": give a share of the connections, 50%", text));
      else
        toxic.toxicity = *part;
    }
    if (toxic.type == ToxicType::latency) {
      Duration rtt{}, jitter{};
      const Field varies = map_.find("jitter");
      context_.read(map_.require("rtt"), rtt);
      context_.read(varies, jitter);
      if (varies && jitter > rtt) context_.error(varies, "varies by more than the \"rtt\" is long");
      toxic.delay = rtt / 2;
      toxic.jitter = jitter / 2;
      toxic.handshake = true;
    }
    if (toxic.type != ToxicType::bandwidth) return;
    const Field bandwidth = map_.require("bandwidth");
    if (!context_.read(bandwidth, text)) return;
    std::string_view size = text;
    if (size.ends_with("/s")) size.remove_suffix(2);
    const auto bytes = parse_size(size);
    if (!bytes || *bytes == 0 || !text.ends_with("/s"))
      context_.error(bandwidth,
                     fmt::format("\"{}\" is no bandwidth: give bytes a second, 100kB/s", text));
    else
      toxic.bytes_a_second = *bytes;
  }

  ReadContext& context_;
  Plan& plan_;
  MapReader& map_;
  FaultSpec& spec_;
  Field target_;
};

}  // namespace

void read_faults(ReadContext& context, const Field& faults, Plan& plan) {
  if (!faults) return;
  MapReader map(context, faults);
  const std::size_t errors = context.error_count();
  for (const YamlNode::Member& member : map.members()) {
    FaultPlan fault{.at = member.at, .spec = {.name = member.key}};
    MapReader fields(context, map.member(member));
    FaultReader(context, plan, fields, fault.spec).read();
    plan.faults.push_back(std::move(fault));
  }
  // Half-read times overlap by mistake.
  if (context.error_count() > errors) return;
  const std::vector<FaultSpec> specs = fault_specs(plan);
  if (const auto overlap = find_overlap(specs)) {
    const FaultPlan& later = plan.faults[std::max(overlap->first, overlap->second)];
    context.error(later.at, faults.path + "." + later.spec.name,
                  overlap->text + ": one thing at a time is done to a service");
  }
}

std::vector<FaultSpec> fault_specs(const Plan& plan) {
  std::vector<FaultSpec> specs;
  for (const FaultPlan& fault : plan.faults) specs.push_back(fault.spec);
  return specs;
}

}  // namespace brunt
