#include "run/service_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "base/url.h"
#include "client/redis_client.h"
#include "engine/command.h"
#include "engine/engine.h"
#include "net/limits.h"
#include "plan/describe_plan.h"
#include "plan/names.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

enum Member : std::size_t { url, address, host, port, path, metrics = 8 };

// A port that is free now. Between this and the service's own bind somebody may take it: the caller
// tries again.
Result<std::uint16_t> free_port(Loop& loop) {
  const auto probe = TRY(loop.listen({.at = Endpoint::loopback(0), .backlog = 1}));
  return probe->local().port();
}

Result<fs::path> make_directory(const fs::path& parent, std::string_view name) {
  std::string pattern = (parent / fmt::format("brunt-{}-XXXXXX", name)).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return std::unexpected(errno_error("cannot make a directory in " + parent.string(), errno));
  return fs::path(pattern);
}

}  // namespace

ServiceSet::ServiceSet(Dialer& dialer, ServiceSetOptions options)
    : dialer_(dialer), options_(std::move(options)) {
  if (options_.temporary.empty()) options_.temporary = fs::temp_directory_path();
}

ServiceSet::~ServiceSet() {
  started_.clear();
  std::error_code ignored;
  for (const auto& store : stores_) fs::remove_all(store, ignored);
}

Result<std::string> ServiceSet::expand(const Template& text, std::uint32_t index) const {
  const Scope scope{.members = seen_by_service(*plan_, members_, index)};
  return text.expand(scope);
}

Result<> ServiceSet::start(Fiber& self, const Plan& plan, RunObserver& observer) {
  plan_ = &plan;
  members_.assign(member_views(plan) * plan.services.size() * service_members.size(), {});
  if (!plan.links.empty()) {
    observer.phase("starting the links' proxy");
    links_ =
        TRY(Links::start(self, dialer_,
                         {.program = options_.program,
                          .folder = options_.temporary,
                          .logs = options_.logs,
                          .allow = options_.allow,
                          .seed = options_.seed,
                          .processes = link_processes_needed(linked_connections_max(plan),
                                                             read_machine_limits().descriptors)}));
  }
  for (const std::uint32_t index : plan.start_order) {
    auto started = start_one(self, plan, index, observer);
    if (started) started = open_links(self, plan, index);
    if (!started) {
      stop(self, observer);
      return fail_in("services." + plan.services[index].name, std::move(started).error());
    }
  }
  return {};
}

Result<> ServiceSet::open_links(Fiber& self, const Plan& plan, std::uint32_t to) {
  for (const LinkPlan& link : plan.links) {
    if (link.to != to) continue;
    const std::string& own = members_[member_slot(to, address)];
    if (own.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("link \"{}\": nobody knows where {} listens; give it an \"address\"",
                              link.name, plan.services[to].name));
    lead_through(plan, link, TRY(links_->open(self, link, own)), members_);
  }
  return {};
}

void ServiceSet::set_member(std::uint32_t index, std::size_t member, const std::string& value) {
  const std::size_t one_view = plan_->services.size() * service_members.size();
  for (std::size_t view = 0; view < members_.size(); view += one_view)
    members_[view + member_slot(index, member)] = value;
}

Result<> ServiceSet::start_one(Fiber& self, const Plan& plan, std::uint32_t index,
                               RunObserver& observer) {
  const ServicePlan& service = plan.services[index];
  if (const auto* fixed = std::get_if<AddressService>(&service.kind))
    return note_address(index, TRY(expand(fixed->address, index)));
  if (const auto* engine = std::get_if<EngineService>(&service.kind);
      engine != nullptr && engine->name == "sqlite")
    return make_store(service, index);
  observer.phase("starting " + service.name);
  if (std::holds_alternative<BuiltinService>(service.kind)) {
    TRY(start_builtin(self, service, index));
  } else if (std::holds_alternative<EngineService>(service.kind)) {
    TRY(start_engine_service(self, plan, service, index));
  } else {
    TRY(start_command_service(self, plan, service, index));
  }
  return {};
}

Result<> ServiceSet::start_builtin(Fiber& self, const ServicePlan& service, std::uint32_t index) {
  const auto& builtin = std::get<BuiltinService>(service.kind);
  const bool is_messages = builtin.name == "messages";  // It speaks no HTTP where it listens.
  constexpr int attempts = 3;
  for (int attempt = 1;; ++attempt) {
    const std::string at = fmt::format("127.0.0.1:{}", TRY(free_port(self.loop())));
    std::string http = at;
    CommandOptions command{.name = service.name, .log_directory = options_.logs, .address = at};
    command.argv = {options_.program.string(), "serve", builtin.name, "--listen", at};
    if (is_messages) {
      http = fmt::format("127.0.0.1:{}", TRY(free_port(self.loop())));
      command.argv.insert(command.argv.end(), {"--metrics", http});
      TRY(name_output(builtin, index, command.argv));
    }
    for (const ServiceOption& option : builtin.with) {
      command.argv.push_back("--" + option.name);
      command.argv.push_back(TRY(expand(option.value, index)));
    }
    command.ready = {.kind = ReadyKind::http, .what = "http://" + http + "/health"};
    auto started = start_command(self, dialer_, command);
    if (!started && attempt < attempts && started.error().text.find("in use") != std::string::npos)
      continue;
    if (!started) return std::unexpected(std::move(started).error());
    started_.push_back(std::move(*started));
    set_member(index, metrics, "http://" + http + "/metrics");
    return note_address(index, "http://" + at);
  }
}

// An output that the plan does not name goes with the run.
Result<> ServiceSet::name_output(const BuiltinService& builtin, std::uint32_t index,
                                 std::vector<std::string>& arguments) {
  std::string output = members_[member_slot(index, path)];
  const auto given = std::ranges::find(builtin.with, "output", &ServiceOption::name);
  if (given != builtin.with.end()) {
    set_member(index, path, TRY(expand(given->value, index)));
    return {};
  }
  if (output.empty()) {
    const fs::path directory = TRY(make_directory(options_.temporary, builtin.name));
    stores_.push_back(directory);
    output = (directory / "messages.dat").string();
    set_member(index, path, output);
  }
  arguments.insert(arguments.end(), {"--output", output});
  return {};
}

Result<> ServiceSet::start_engine_service(Fiber& self, const Plan& plan, const ServicePlan& service,
                                          std::uint32_t index) {
  const auto& engine = std::get<EngineService>(service.kind);
  EngineOptions options{.kind = engine.name, .name = service.name, .log_directory = options_.logs};
  options.temporary = options_.temporary;
  options.base = plan.source.parent_path();
  // Only a disk of its own is filled.
  constexpr std::uint64_t small_disk_bytes = 256u << 20u;
  for (const FaultPlan& fault : plan.faults)
    if (fault.spec.target == service.name && fault.spec.starvation.disk_full)
      options.disk_bytes = small_disk_bytes;
  if (service.ready) options.ready_timeout = service.ready->timeout;
  for (const ServiceOption& option : engine.with)
    options.with.emplace_back(option.name, TRY(expand(option.value, index)));
  started_.push_back(TRY(start_engine(self, options)));
  note_members(index, *started_.back());
  return {};
}

Result<> ServiceSet::start_command_service(Fiber& self, const Plan& plan,
                                           const ServicePlan& service, std::uint32_t index) {
  const auto& command = std::get<CommandService>(service.kind);
  CommandOptions options{.name = service.name, .log_directory = options_.logs};
  for (const Template& argument : command.arguments)
    options.argv.push_back(TRY(expand(argument, index)));
  for (const NamedTemplate& variable : command.environment)
    options.env.emplace_back(variable.name, TRY(expand(variable.value, index)));
  options.cwd = TRY(expand(command.directory, index));
  if (options.cwd.empty()) options.cwd = plan.source.parent_path();
  const std::string where = TRY(expand(command.address, index));
  if (!where.empty()) TRY(note_address(index, where));
  const std::string listening = members_[member_slot(index, address)];
  options.address = listening;
  if (service.ready) {
    options.ready.what = TRY(expand(service.ready->what, index));
    options.ready.timeout = service.ready->timeout;
    options.ready.kind = service.ready->kind == ReadyCheck::Kind::tcp    ? ReadyKind::tcp
                         : service.ready->kind == ReadyCheck::Kind::http ? ReadyKind::http
                                                                         : ReadyKind::log_line;
    if (options.ready.what.empty()) options.ready.what = listening;
  } else if (!listening.empty()) {
    options.ready = {.kind = ReadyKind::tcp, .what = listening};
  }
  started_.push_back(TRY(start_command(self, dialer_, options)));
  return {};
}

Result<> ServiceSet::make_store(const ServicePlan& service, std::uint32_t index) {
  const fs::path directory = TRY(make_directory(options_.temporary, service.name));
  stores_.push_back(directory);
  const std::string file = (directory / "store.db").string();
  set_member(index, path, file);
  set_member(index, url, "sqlite:" + file);
  return {};
}

Result<> ServiceSet::note_address(std::uint32_t index, std::string_view text) {
  const bool has_scheme = text.find("://") != std::string_view::npos;
  if (has_scheme && !text.starts_with("http")) {
    // Of another protocol: its own client knows what else stands in there.
    const PeerAddress peer = text.starts_with("redis://") ? TRY(parse_redis_target(text)).peer
                                                          : TRY(parse_peer_address(text));
    members_[member_slot(index, host)] = peer.host;
    members_[member_slot(index, port)] = std::to_string(peer.port);
    members_[member_slot(index, address)] = peer.text();
    members_[member_slot(index, url)] = text;
    return {};
  }
  const Url parsed = TRY(parse_url(has_scheme ? std::string(text) : "http://" + std::string(text)));
  set_member(index, host, parsed.host);
  set_member(index, port, std::to_string(parsed.port));
  set_member(index, address, fmt::format("{}:{}", parsed.host, parsed.port));
  std::string whole = parsed.text();
  if (whole.ends_with('/')) whole.pop_back();  // `${service.url}/path` reads naturally.
  set_member(index, url, whole);
  return {};
}

void ServiceSet::note_members(std::uint32_t index, const StartedService& service) {
  for (std::size_t member = 0; member < service_members.size(); ++member)
    set_member(index, member, service.member(service_members[member]).value_or(""));
}

StartedService* ServiceSet::find(std::string_view name) const {
  const auto found = std::ranges::find(
      started_, name, [](const auto& one) { return std::string_view(one->name()); });
  return found == started_.end() ? nullptr : found->get();
}

std::string ServiceSet::first_casualty() {
  if (links_ != nullptr)
    if (std::string casualty = links_->casualty(); !casualty.empty()) return casualty;
  for (const auto& service : started_)
    if (const auto status = service->process().status(); status && !service->is_down())
      return fmt::format("{} {} while the run went on (log: {})", service->name(), status->text(),
                         service->facts().log.string());
  return {};
}

std::vector<WatchedProcess> ServiceSet::processes() {
  std::vector<WatchedProcess> processes;
  for (const auto& service : started_)
    if (!service->process().status()) processes.push_back({service->name(), service->pid()});
  return processes;
}

void ServiceSet::stop(Fiber& self, RunObserver& observer) {
  while (!started_.empty()) {
    auto stopped = started_.back()->stop(self);
    if (!stopped)
      observer.warning("stopping " + started_.back()->name() + ": " + stopped.error().text);
    started_.pop_back();
  }
  if (links_ != nullptr)
    if (auto stopped = links_->stop(self); !stopped)
      observer.warning("stopping the links' proxy: " + stopped.error().text);
  links_.reset();
  std::error_code ignored;
  for (const auto& store : stores_) fs::remove_all(store, ignored);
  stores_.clear();
}

}  // namespace brunt
