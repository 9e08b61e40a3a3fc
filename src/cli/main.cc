// brunt: how does your service bear the brunt?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/console.h"
#include "cli/verbs.h"
#include "net/limits.h"

namespace {

constexpr const char* examples = R"(
Examples:
  brunt run http://localhost:8080/ --vus 100 --duration 30s   closed: 100 users, as fast as they can
  brunt run http://localhost:8080/ --rate 5000/s              open: 5,000 requests each second, come what may
  brunt run plans/first.yaml                                  a plan: services, scenarios, expectations
  brunt check plans/first.yaml                                what it would do, without doing it
  brunt rehearse plans/first.yaml                             its shape over time, on a simulated network
  brunt report last --format html > report.html               the last run, as a page
  brunt serve iot --listen 127.0.0.1:8080                     a real service to try things on
  brunt tool doctor                                           what this machine lets brunt do

Exit codes are k6's: 0 passed, 99 an expectation does not hold, 104 the plan is wrong, 105 interrupted; and 120: not
valid, the generator was the bottleneck.
)";

std::filesystem::path own_path() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path("brunt") : path;
}

// As k6 takes them: before the verb too. Our verbs know them behind it.
std::vector<std::string> with_verb_first(std::vector<std::string> words) {
  constexpr std::string_view flags[] = {"-q",        "--quiet",    "-v",
                                        "--verbose", "--no-color", "--profiling-enabled"};
  constexpr std::string_view with_value[] = {
      "-a", "--address", "-c", "--config", "--log-output", "--log-format", "--secret-source"};
  auto verb = words.begin();
  while (verb != words.end()) {
    const std::string_view word = *verb;
    const std::string_view name = word.substr(0, word.find('='));
    const bool has_value = std::ranges::find(with_value, name) != std::end(with_value);
    if (!has_value && std::ranges::find(flags, word) == std::end(flags)) break;
    if (has_value && name == word && ++verb == words.end()) break;
    ++verb;
  }
  if (verb != words.end()) std::rotate(words.begin(), verb, verb + 1);
  return words;
}

int run(int argc, char** argv) {
  CLI::App app{"brunt: finds out, and proves, how a networked service behaves under load.",
               "brunt"};
  app.set_version_flag("--version", "brunt " BRUNT_VERSION);
  app.footer(examples);
  app.require_subcommand(1);
  app.add_subcommand("version", "Which brunt this is")->callback([] {
    throw CLI::CallForVersion("brunt " BRUNT_VERSION, 0);
  });
  brunt::CommandLine line{.program = own_path(),
                          .arguments = with_verb_first({argv + 1, argv + argc})};
  brunt::add_run(app, line);
  brunt::add_check(app, line);
  brunt::add_inspect(app, line);
  brunt::add_archive(app, line);
  brunt::add_rehearse(app, line);
  brunt::add_report(app, line);
  brunt::add_control(app, line);
  brunt::add_list(app, line);
  brunt::add_serve(app, line);
  brunt::add_tool(app, line);
  brunt::add_generator(app, line);
  if (const std::string word = line.arguments.empty() ? "" : line.arguments.front();
      !word.empty() && !word.starts_with('-') &&
      app.get_subcommands([&](const CLI::App* verb) { return verb->check_name(word); }).empty()) {
    brunt::complain("there is no verb \"" + word +
                    "\": brunt run TARGET makes load, brunt --help lists the others");
    return 104;
  }
  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(line.arguments.rbegin(), line.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == 0;
    return app.exit(error) == 0 || asked_for ? 0 : 104;
  }
  // Without it a thousand connections would be the end; if it cannot be raised, the plan's check
  // says what it means.
  (void)brunt::raise_descriptor_limit();
  return line.todo();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    brunt::complain(std::string("a bug of ours: an exception got out: ") + error.what());
    return 255;
  }
}
