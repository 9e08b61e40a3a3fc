#include "net/subprocess_spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "base/units.h"

namespace brunt {
namespace {

// Who the program shall be. Looked up before the fork: getpwnam() may take locks.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
};

// The step of the child that failed, and errno: sent through a pipe that a successful exec closes.
enum class Step : int { parent_died, directory, output, user, death_signal, exec };
struct ChildFailure {
  Step step;
  int number;
};

// All that the child needs, made ready before the fork: between fork and exec only
// async-signal-safe calls are allowed, since another thread may have held any lock at that moment.
struct Plan {
  std::string program;
  std::vector<char*> argv, envp;
  std::vector<std::string> environment;
  std::optional<Identity> identity;
  std::string directory;
  int death_signal = SIGKILL;
  int output = -1;  // Becomes standard output and error; -1: ours stay.
  int input = -1;   // /dev/null
  int report = -1;
  pid_t parent = 0;
};

Result<Identity> look_up_user(const std::string& name) {
  const Result<std::int64_t> number = parse_integer(name);
  const passwd* entry = number ? getpwuid(static_cast<uid_t>(*number)) : getpwnam(name.c_str());
  if (entry == nullptr)
    return fail(ErrorCode::not_found, fmt::format("there is no user \"{}\" on this machine", name));
  Identity identity{entry->pw_uid, entry->pw_gid, {}};
  int count = 64;
  identity.groups.resize(static_cast<std::size_t>(count));
  if (getgrouplist(entry->pw_name, entry->pw_gid, identity.groups.data(), &count) < 0) {
    identity.groups.resize(static_cast<std::size_t>(count));
    getgrouplist(entry->pw_name, entry->pw_gid, identity.groups.data(), &count);
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(changes.begin(), changes.end(),
                                      [name](const auto& change) { return change.first == name; });
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : changes) out.push_back(name + '=' + value);
  return out;
}

std::string path_in(const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [name, value] : changes)
    if (name == "PATH") return value;
  return "";
}

Result<Plan> make_plan(const ProcessOptions& options) {
  if (options.argv.empty() || options.argv.front().empty())
    return fail(ErrorCode::invalid, "a program to start was not named");
  Plan plan;
  std::vector<std::filesystem::path> more;
  if (const std::string path = path_in(options.env); !path.empty()) {
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find(':', at), path.size());
      more.emplace_back(path.substr(at, end - at));
      at = end + 1;
    }
  }
  // A relative path is meant as seen from the program's own directory, as a shell's `cd` would have
  // it.
  if (options.argv.front().find('/') == std::string::npos) {
    plan.program = TRY(find_program(options.argv.front(), more)).string();
  } else {
    plan.program = options.argv.front();
  }
  for (const std::string& word : options.argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
  plan.argv.push_back(nullptr);
  plan.environment = environment_with(options.env);
  for (std::string& entry : plan.environment) plan.envp.push_back(entry.data());
  plan.envp.push_back(nullptr);
  if (!options.user.empty()) plan.identity = TRY(look_up_user(options.user));
  plan.directory = options.cwd.string();
  plan.death_signal = options.death_signal;
  plan.parent = getpid();
  return plan;
}

[[noreturn]] void give_up(const Plan& plan, Step step) {
  const ChildFailure failure{step, errno};
  (void)!write(plan.report, &failure, sizeof failure);
  _exit(127);
}

// What the exec must not inherit of ours: ignored and blocked signals.
void reset_signals() {
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &by_default, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become(const Plan& plan) {
  const Identity& identity = *plan.identity;
  if (geteuid() == identity.user && getegid() == identity.group) return;
  if (setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
      setresgid(identity.group, identity.group, identity.group) != 0 ||
      setresuid(identity.user, identity.user, identity.user) != 0)
    give_up(plan, Step::user);
}

[[noreturn]] void run_child(const Plan& plan) {
  reset_signals();
  setpgid(0, 0);
  if (dup2(plan.input, STDIN_FILENO) < 0) give_up(plan, Step::output);
  if (plan.output >= 0 &&
      (dup2(plan.output, STDOUT_FILENO) < 0 || dup2(plan.output, STDERR_FILENO) < 0))
    give_up(plan, Step::output);
  if (plan.identity) become(plan);
  // As the user that it will be: a directory that user may not enter is an error now, not later.
  if (!plan.directory.empty() && chdir(plan.directory.c_str()) != 0) give_up(plan, Step::directory);
  // After the change of user, which clears it. A parent that died before this line is seen by the
  // next.
  if (prctl(PR_SET_PDEATHSIG, plan.death_signal) != 0) give_up(plan, Step::death_signal);
  if (getppid() != plan.parent) give_up(plan, Step::parent_died);
  // Ours may lack O_CLOEXEC where a library has opened them.
  syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
  give_up(plan, Step::exec);
}

std::unexpected<Error> child_error(const ProcessOptions& options, const ChildFailure& failure) {
  const std::string program = options.argv.front();
  const auto because = [&](const std::string& what) {
    Error error = errno_error(fmt::format("cannot start {}: {}", program, what), failure.number);
    return std::unexpected(std::move(error));
  };
  switch (failure.step) {
    case Step::directory:
      return because(fmt::format("its directory {}", options.cwd.string()));
    case Step::output:
      return because("its output");
    case Step::user:
      return because(fmt::format("running it as user {}", options.user));
    case Step::death_signal:
      return because("tying its life to ours");
    case Step::parent_died:
      return fail(ErrorCode::cancelled, fmt::format("cannot start {}: brunt is ending", program));
    case Step::exec:
      break;
  }
  return because("executing it");
}

Result<OwnedDescriptor> open_output(const ProcessOptions& options) {
  const bool log = options.output == ProcessOutput::log_file;
  const std::string path = log ? options.log.string() : "/dev/null";
  OwnedDescriptor out(
      open(path.c_str(), O_WRONLY | O_CLOEXEC | (log ? O_CREAT | O_APPEND : 0), 0644));
  if (!out.open()) return std::unexpected(errno_error("cannot write to " + path, errno));
  return out;
}

}  // namespace

Result<Spawned> spawn_process(const ProcessOptions& options) {
  Plan plan = TRY(make_plan(options));
  Pipe report = TRY(make_pipe());
  const OwnedDescriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Spawned spawned;
  OwnedDescriptor output;
  if (options.output == ProcessOutput::pipe) {
    Pipe pipe = TRY(make_pipe());
    spawned.output = std::move(pipe.read_end);
    output = std::move(pipe.write_end);
    fcntl(spawned.output.number(), F_SETFL, O_NONBLOCK);
  } else if (options.output != ProcessOutput::inherit) {
    output = TRY(open_output(options));
  }
  plan.input = input.number();
  plan.output = output.number();
  plan.report = report.write_end.number();

  spawned.pid = fork();
  if (spawned.pid == 0) run_child(plan);
  if (spawned.pid < 0) return std::unexpected(errno_error("cannot start another process", errno));
  setpgid(spawned.pid, spawned.pid);  // By us too: whichever of the two comes first.
  report.write_end.close();
  ChildFailure failure{};
  ssize_t got = 0;
  do {
    got = read(report.read_end.number(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof failure) {
    waitpid(spawned.pid, nullptr, 0);
    return child_error(options, failure);
  }
  if (options.orphans == Orphans::killed) {
    const auto kill_group = [group = spawned.pid] { kill(-group, SIGKILL); };
    auto guard = OrphanGuard::start({.first = reset_signals, .orphaned = kill_group});
    if (!guard) {
      kill(-spawned.pid, SIGKILL);
      waitpid(spawned.pid, nullptr, 0);
      return std::unexpected(guard.error());
    }
    spawned.guard = std::move(*guard);
  }
  return spawned;
}

Result<std::filesystem::path> find_program(std::string_view name,
                                           const std::vector<std::filesystem::path>& more) {
  namespace fs = std::filesystem;
  const auto runs = [](const fs::path& path) {
    std::error_code ignored;
    return access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, ignored);
  };
  if (name.find('/') != std::string_view::npos) {
    if (runs(fs::path(name))) return fs::path(name);
    return fail(ErrorCode::not_found, fmt::format("{} is no program that can be executed", name));
  }
  const char* path_variable = getenv("PATH");
  const std::string path = path_variable == nullptr ? "/usr/bin:/bin" : path_variable;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const fs::path candidate = fs::path(path.substr(at, end - at)) / name;
    if (end > at && runs(candidate)) return candidate;
    at = end + 1;
  }
  for (const fs::path& directory : more)
    if (runs(directory / name)) return directory / name;
  return fail(ErrorCode::not_found, fmt::format("there is no program \"{}\" on PATH", name));
}

}  // namespace brunt
