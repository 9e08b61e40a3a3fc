#include "run/run_description.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/prng.h"
#include "ledger/ledger.h"
#include "record/services.h"

namespace brunt {
namespace {

std::uint32_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

}  // namespace

RunInfo describe_run(const Plan& plan, const RunOptions& options, Loop& loop) {
  RunInfo info;
  info.started = loop.wall();
  // The id's letters must differ between two runs of one second and one seed.
  Prng chance(static_cast<std::uint64_t>(info.started.unix_ns) ^
              static_cast<std::uint64_t>(::getpid()));
  info.id = make_run_id(info.started, chance);
  info.seed = options.seed ? *options.seed : plan.seed ? *plan.seed : chance.next() >> 1U;
  info.plan_name = plan.name;
  if (!plan.source.empty())
    if (auto text = read_file(plan.source)) info.plan_text = std::move(*text);
  for (const std::string& argument : options.arguments)
    info.arguments.push_back(without_password(argument));
  utsname machine{};
  ::uname(&machine);
  info.host = machine.nodename;
  info.kernel = fmt::format("{} {}", machine.sysname, machine.release);
  info.cores = usable_cores();
  info.process = current_process();
  info.brunt_version = BRUNT_VERSION;
  info.time_scale = plan.time_scale;
  info.warm_up = plan.warmup.value_or(Duration{});
  return info;
}

std::vector<LogLine> describe_services(const ServiceSet& services, const Plan& plan,
                                       const ServiceNotes& notes) {
  std::vector<LogLine> lines;
  for (const auto& service : services.started()) {
    ServiceInfo info{.name = service->name(), .kind = service->facts().kind};
    info.version = service->facts().version;
    info.address = service->member("address").value_or("");
    for (const ServicePlan& planned : plan.services)
      if (const auto* builtin = std::get_if<BuiltinService>(&planned.kind);
          builtin != nullptr && planned.name == info.name) {
        info.kind = builtin->name;
        info.version = BRUNT_VERSION;
      }
    if (notes.logs_stay) info.log = service->facts().log.string();
    lines.push_back(log_line_of(info, notes.at));
  }
  return lines;
}

}  // namespace brunt
