#include "engine/service.h"

#include <fmt/format.h>

#include "engine/engine_directory.h"
#include "engine/log_tail.h"

namespace brunt {
namespace {

constexpr std::size_t error_lines = 8;

}  // namespace

StartedService::StartedService(ServiceFacts facts, std::unique_ptr<Subprocess> process,
                               Starter again)
    : facts_(std::move(facts)), process_(std::move(process)), again_(std::move(again)) {}

StartedService::~StartedService() {
  frozen_.reset();
  process_.reset();
  if (!facts_.directory.empty()) remove_engine_directory(facts_.directory);
}

std::optional<std::string> StartedService::member(std::string_view name) const {
  const bool has_address = facts_.address.family() != AF_UNSPEC;
  if (name == "pid") return fmt::format("{}", pid());
  if (name == "log") return facts_.log.string();
  if (name == "version" && !facts_.version.empty()) return facts_.version;
  if (name == "url" && !facts_.url.empty()) return facts_.url;
  if (name == "address" && has_address) return facts_.address.text();
  if (name == "host" && has_address) return facts_.address.ip();
  if (name == "port" && has_address) return fmt::format("{}", facts_.address.port());
  for (const auto& [key, value] : facts_.more)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> StartedService::member_names() const {
  std::vector<std::string> names;
  for (const char* name : {"url", "address", "host", "port", "pid", "version", "log"})
    if (member(name)) names.emplace_back(name);
  for (const auto& [key, value] : facts_.more) names.push_back(key);
  return names;
}

Result<ExitStatus> StartedService::take_down(Fiber& self, Ending how) {
  // From here on: its end is seen by others before this fiber sees it.
  down_ = true;
  thaw();
  if (how == Ending::asked) return process_->stop(self, facts_.stop);
  // Its sessions may be in groups of their own (PostgreSQL's are); they would outlive it.
  for (const pid_t pid : process_tree(pid())) kill(pid, SIGKILL);
  return process_->stop(self, {.signal = SIGKILL});
}

Result<> StartedService::bring_back(Fiber& self) {
  process_ = TRY(again_(self));
  down_ = false;
  return {};
}

Result<> StartedService::freeze() {
  if (const auto status = process_->status())
    return fail(ErrorCode::not_found, fmt::format("{} has ended: {}", name(), status->text()));
  if (frozen_ == nullptr) frozen_ = TRY(FrozenProcesses::freeze(pid()));
  return {};
}

void StartedService::thaw() {
  frozen_.reset();
}

Result<ExitStatus> StartedService::stop(Fiber& self) {
  thaw();
  const ExitStatus status = TRY(process_->stop(self, facts_.stop));
  if (!facts_.directory.empty()) remove_engine_directory(facts_.directory);
  return status;
}

std::string StartedService::last_log_lines() const {
  return last_lines(facts_.log, error_lines);
}

}  // namespace brunt
