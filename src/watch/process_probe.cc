#include "watch/process_probe.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace brunt {
namespace {

namespace fs = std::filesystem;

// The numbers among the names in a folder, up to `max` of them; how many names there are at all is
// returned.
std::uint64_t list_numbers(const fs::path& folder, std::vector<pid_t>* out, std::size_t max) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  if (!opened) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    ++count;
    if (out != nullptr && out->size() < max) out->push_back(number);
  }
  return count;
}

std::vector<pid_t> numbers_in(std::string_view text) {
  std::vector<pid_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    pid_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) break;
    numbers.push_back(number);
    at = next + 1;
  }
  return numbers;
}

std::uint64_t less(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

}  // namespace

// One sample under way.
struct ProcessProbe::Walk {
  std::vector<pid_t> queue;
  std::map<pid_t, Used> used;
  std::map<pid_t, Switches> switches;
  std::uint32_t threads_read = 0;
  std::uint64_t shared_bytes_most = 0;
  ServiceSample sample;
};

ProcessProbe::ProcessProbe(Options options)
    : options_(std::move(options)),
      ticks_each_second_(static_cast<double>(::sysconf(_SC_CLK_TCK))) {}

fs::path ProcessProbe::place(pid_t pid, const char* file) const {
  return options_.proc / std::to_string(pid) / file;
}

std::optional<ProcessStat> ProcessProbe::stat_of(pid_t pid) {
  if (pid <= 0 || !read_proc_file(place(pid, "stat"), text_)) return std::nullopt;
  auto stat = parse_process_stat(text_);
  return stat ? std::optional(*stat) : std::nullopt;
}

std::optional<ServiceSample> ProcessProbe::sample(pid_t root, Instant now) {
  const auto stat = stat_of(root);
  if (!stat || stat->is_zombie()) {
    last_ = now;  // What comes next was started since.
    return std::nullopt;
  }
  const bool was_known = samples_ > 0;
  if (root != root_ || stat->start_ticks != root_start_) {
    root_ = root;
    root_start_ = stat->start_ticks;
    used_.clear();
    switches_.clear();
    descriptors_.clear();
    strays_.clear();
  }
  Walk walk;
  walk.queue = {root};
  constexpr std::uint32_t group_every = 10;  // Looks at every process of the machine.
  if (samples_ % group_every == 0) find_group(root);
  walk.queue.insert(walk.queue.end(), strays_.begin(), strays_.end());
  for (std::size_t i = 0; i < walk.queue.size() && i < options_.limits.processes_max; ++i)
    visit(walk, walk.queue[i]);
  walk.sample.rss_bytes += walk.shared_bytes_most;
  if (was_known && now > last_) rate(walk, now - last_);
  for (const auto& [pid, used] : walk.used)
    newest_start_ = std::max(newest_start_, used.start_ticks);
  used_ = std::move(walk.used);
  switches_ = std::move(walk.switches);
  std::erase_if(descriptors_, [&](const auto& one) { return !used_.contains(one.first); });
  last_ = now;
  ++samples_;
  return walk.sample;
}

std::vector<pid_t> ProcessProbe::processes() const {
  std::vector<pid_t> processes;
  for (const auto& [pid, used] : used_) processes.push_back(pid);
  return processes;
}

void ProcessProbe::find_group(pid_t root) {
  constexpr std::size_t looked_at_max = 8192;
  strays_.clear();
  std::vector<pid_t> all;
  list_numbers(options_.proc, &all, looked_at_max);
  for (const pid_t pid : all) {
    const auto stat = pid == root ? std::nullopt : stat_of(pid);
    // Its own children are found without this, and in every sample.
    if (stat && stat->group == root && stat->parent != root && !stat->is_zombie())
      strays_.push_back(pid);
  }
  if (strays_.size() > options_.limits.processes_max) strays_.resize(options_.limits.processes_max);
}

void ProcessProbe::visit(Walk& walk, pid_t pid) {
  if (walk.used.contains(pid)) return;
  const auto stat = stat_of(pid);
  if (!stat) return;
  Used& used = walk.used[pid];
  used.start_ticks = stat->start_ticks;
  used.system_ticks = stat->system_ticks + stat->reaped_system_ticks;
  used.ticks = stat->user_ticks + stat->reaped_user_ticks + used.system_ticks;
  if (stat->is_zombie()) return;
  if (read_proc_file(place(pid, "io"), text_))
    used.io = parse_process_io(text_).value_or(ProcessIo{});
  if (!read_proc_file(place(pid, "status"), text_)) return;
  const ProcessStatus status = parse_process_status(text_);
  walk.sample.rss_bytes += status.anonymous_bytes;
  walk.shared_bytes_most = std::max(walk.shared_bytes_most, status.shared_bytes);
  walk.sample.threads += status.threads;
  ++walk.sample.processes;
  walk.sample.descriptors += count_descriptors(pid);
  visit_threads(walk, pid, status);
}

void ProcessProbe::visit_threads(Walk& walk, pid_t pid, const ProcessStatus& main) {
  std::vector<pid_t> threads;
  const fs::path tasks = place(pid, "task");
  if (main.threads <= 1)
    threads.push_back(pid);
  else
    list_numbers(tasks, &threads, options_.limits.threads_max);
  for (const pid_t thread : threads) {
    if (walk.threads_read >= options_.limits.threads_max) return;
    ++walk.threads_read;
    const fs::path folder = tasks / std::to_string(thread);
    ProcessStatus status = main;
    if (thread != pid && read_proc_file(folder / "status", text_))
      status = parse_process_status(text_);
    walk.switches[thread] = {.voluntary = status.voluntary_switches,
                             .involuntary = status.involuntary_switches};
    // Children belong to the thread that made them.
    if (!read_proc_file(folder / "children", text_)) continue;
    for (const pid_t child : numbers_in(text_)) walk.queue.push_back(child);
  }
}

std::uint64_t ProcessProbe::count_descriptors(pid_t pid) {
  constexpr std::uint32_t many_every = 5;
  std::uint64_t& known = descriptors_[pid];
  if (known > options_.limits.descriptors_each_time && samples_ % many_every != 0) return known;
  const fs::path folder = place(pid, "fd");
  struct stat facts{};
  // Since Linux 6.2 the folder's size says it; before it is 0.
  if (options_.proc == "/proc" && ::stat(folder.c_str(), &facts) == 0 && facts.st_size > 0)
    known = static_cast<std::uint64_t>(facts.st_size);
  else
    known = list_numbers(folder, nullptr, 0);
  return known;
}

void ProcessProbe::rate(Walk& walk, Duration elapsed) {
  Used now, before;
  for (const auto& [pid, used] : walk.used) {
    const auto known = used_.find(pid);
    const bool is_same = known != used_.end() && known->second.start_ticks == used.start_ticks;
    // One that is older than others we knew, and that we did not know, was not started since: it
    // has joined, and what it used before is not the service's.
    const bool is_joined = !is_same && used.start_ticks < newest_start_ && pid != root_;
    const Used& base = is_same ? known->second : is_joined ? used : Used{};
    before.ticks += base.ticks;
    before.system_ticks += base.system_ticks;
    before.io.read_bytes += base.io.read_bytes;
    before.io.written_bytes += base.io.written_bytes;
    now.ticks += used.ticks;
    now.system_ticks += used.system_ticks;
    now.io.read_bytes += used.io.read_bytes;
    now.io.written_bytes += used.io.written_bytes;
  }
  // One that has gone is now among what its parent has reaped: what was counted of it must not be
  // counted again.
  for (const auto& [pid, used] : used_) {
    if (const auto still = walk.used.find(pid);
        still != walk.used.end() && still->second.start_ticks == used.start_ticks)
      continue;
    before.ticks += used.ticks;
    before.system_ticks += used.system_ticks;
    before.io.read_bytes += used.io.read_bytes;
    before.io.written_bytes += used.io.written_bytes;
  }
  ServiceSample& sample = walk.sample;
  const double ticks = seconds_of(elapsed) * ticks_each_second_;
  sample.is_rated = true;
  sample.cpu_cores = static_cast<double>(less(now.ticks, before.ticks)) / ticks;
  sample.cpu_system_cores =
      static_cast<double>(less(now.system_ticks, before.system_ticks)) / ticks;
  sample.disk_read_bytes = less(now.io.read_bytes, before.io.read_bytes);
  sample.disk_written_bytes = less(now.io.written_bytes, before.io.written_bytes);
  for (const auto& [thread, switches] : walk.switches) {
    const auto known = switches_.find(thread);
    const Switches base = known == switches_.end() ? Switches{} : known->second;
    sample.voluntary_switches += less(switches.voluntary, base.voluntary);
    sample.involuntary_switches += less(switches.involuntary, base.involuntary);
  }
}

}  // namespace brunt
