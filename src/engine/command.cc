#include "engine/command.h"

#include <fmt/format.h>

#include "engine/log_tail.h"
#include "engine/ready_probe.h"

namespace brunt {
namespace {

constexpr std::size_t error_lines = 8;

Result<ProcessOptions> process_options(const CommandOptions& options,
                                       const std::filesystem::path& log) {
  if (options.argv.empty() == options.shell.empty())
    return fail(ErrorCode::invalid, "a command is either a list of words or a line for the shell");
  ProcessOptions process;
  process.argv = options.shell.empty() ? options.argv
                                       : std::vector<std::string>{"/bin/sh", "-c", options.shell};
  process.env = options.env;
  process.cwd = options.cwd;
  process.user = options.user;
  process.output = ProcessOutput::log_file;
  process.log = log;
  // Whatever the command starts itself has to end with us too.
  process.orphans = Orphans::killed;
  return process;
}

Result<std::filesystem::path> log_path(const CommandOptions& options) {
  if (options.log_directory.empty() || options.name.empty())
    return fail(ErrorCode::invalid, "a command needs a name and a directory for its log");
  std::error_code error;
  std::filesystem::create_directories(options.log_directory, error);
  if (error)
    return std::unexpected(
        errno_error("cannot make the directory " + options.log_directory.string(), error.value()));
  return options.log_directory / (options.name + ".log");
}

std::string with_log(std::string text, const std::filesystem::path& log) {
  const std::string lines = last_lines(log, error_lines);
  return lines.empty() ? text + "; it wrote nothing" : text + "; it wrote: " + lines;
}

Result<> wait_until_ready(Fiber& self, Subprocess& process, ReadyTester& tester,
                          const ReadyProbe& probe, const std::filesystem::path& log) {
  const Instant deadline = self.now() + probe.timeout;
  std::string last;
  for (;;) {
    const Result<> ready = tester.test(self, deadline);
    // Asked after the probe: somebody else may be listening where the command could not.
    if (const auto status = process.status())
      return fail(ErrorCode::io,
                  with_log(fmt::format("it {} before it was ready", status->text()), log));
    if (ready) return {};
    if (ready.error().code == ErrorCode::cancelled || ready.error().code == ErrorCode::denied)
      return ready;
    // A try that our own deadline cut short tells less than the one before.
    if (last.empty() || ready.error().code != ErrorCode::timeout) last = ready.error().text;
    if (self.now() >= deadline)
      return fail(ErrorCode::timeout, with_log(fmt::format("not ready within {:.3g} s: {}",
                                                           seconds_of(probe.timeout), last),
                                               log));
    TRY(self.sleep_until(std::min(deadline, self.now() + probe.interval)));
  }
}

Result<std::unique_ptr<StartedService>> start_named(Fiber& self, Dialer& dialer,
                                                    const CommandOptions& options) {
  const auto log = TRY(log_path(options));
  const ProcessOptions process_to_be = TRY(process_options(options, log));
  const auto tester = TRY(ReadyTester::create(dialer, options.ready, log));
  ServiceFacts facts;
  facts.name = options.name;
  facts.kind = "command";
  facts.log = log;
  facts.stop = options.stop;
  facts.url = tester->url();
  const std::string& where = options.address.empty() ? tester->address() : options.address;
  if (!where.empty()) {
    const Address address = TRY(parse_address(where));
    if (address.host.starts_with('/')) {
      facts.address = TRY(Endpoint::parse("unix:" + address.host));
    } else {
      facts.address = TRY(dialer.resolver().resolve(self, {address.host, address.port},
                                                    self.now() + options.ready.timeout))
                          .front();
    }
  }
  const auto start = [&dialer, process_to_be, probe = options.ready,
                      log](Fiber& fiber) -> Result<std::unique_ptr<Subprocess>> {
    // A tester for each start: lines of an earlier one are not its.
    const auto asking = TRY(ReadyTester::create(dialer, probe, log));
    auto process = TRY(Subprocess::start(fiber.loop(), process_to_be));
    TRY(wait_until_ready(fiber, *process, *asking, probe, log));
    return process;
  };
  auto process = TRY(start(self));
  return std::make_unique<StartedService>(std::move(facts), std::move(process), start);
}

}  // namespace

Result<std::unique_ptr<StartedService>> start_command(Fiber& self, Dialer& dialer,
                                                      const CommandOptions& options) {
  auto started = start_named(self, dialer, options);
  if (!started && !options.name.empty()) return fail_in(options.name, std::move(started).error());
  return started;
}

}  // namespace brunt
