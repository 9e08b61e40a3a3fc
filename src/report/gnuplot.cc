#include "report/gnuplot.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "base/text.h"
#include "net/subprocess.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

Result<> draw(Fiber& self, const fs::path& folder, std::string_view script) {
  const fs::path file = folder / "script.gp";
  TRY(write_file(file, script));
  const auto program = find_program("gnuplot", {"/usr/bin"});
  if (!program)
    return fail(ErrorCode::not_found,
                "there is no gnuplot here: apt-get install gnuplot-nox (or --format gnuplot, to "
                "draw it elsewhere)");
  ProcessOptions options{.output = ProcessOutput::log_file, .log = folder / "log"};
  options.argv = {program->string(), file.string()};
  const auto process = TRY(Subprocess::start(self.loop(), options));
  constexpr Duration patience = std::chrono::seconds(60);
  const ExitStatus status = TRY(process->wait(self, self.now() + patience));
  if (status.success()) return {};
  std::string words = read_file(options.log).value_or("");
  for (char& c : words)
    if (c == '\n') c = ' ';
  return fail(ErrorCode::invalid, fmt::format("gnuplot {}: {}", status.text(), trim(words)));
}

}  // namespace

Result<> run_gnuplot(Fiber& self, std::string_view script) {
  const TemporaryFolder folder = TRY(TemporaryFolder::make("brunt-plot"));
  return draw(self, folder.path(), script);
}

}  // namespace brunt
