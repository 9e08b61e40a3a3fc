// `brunt archive`: a script with everything that it reads in one file, as k6's.
#include "base/file.h"
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/script_source.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"

namespace brunt {
namespace {

struct ArchiveFlags {
  PlanSourceFlags source;
  std::string out = "archive.tar";
};

Result<> archive(const ArchiveFlags& flags) {
  if (!is_script(flags.source.target) || is_archive(flags.source.target))
    return fail(ErrorCode::invalid, flags.source.target + ": this is no script");
  return write_file(flags.out, TRY(archive_script(flags.source)));
}

}  // namespace

void add_archive(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<ArchiveFlags>();
  CLI::App* verb =
      app.add_subcommand("archive", "Put a k6 script and all that it reads into one file");
  add_plan_source(*verb, flags->source);
  verb->add_option("-O,--archive-out", flags->out, "The file (default archive.tar)");
  verb->footer("\nExample:\n  brunt archive load.js -O load.tar && brunt run load.tar");
  verb->callback([&line, flags]() {
    line.todo = [&f = *flags] {
      const auto done = archive(f);
      if (done) return 0;
      complain(done.error().text);
      return exit_code_of_source(f.source, done.error());
    };
  });
}

}  // namespace brunt
