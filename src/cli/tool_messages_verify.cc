// `brunt tool messages-verify`: what an output of the message server lacks.
#include <filesystem>

#include "base/file.h"
#include "cli/console.h"
#include "cli/tools.h"
#include "judge/exit_code.h"
#include "service/messages/folder.h"
#include "service/messages/message_verifier.h"

namespace brunt {
namespace {

struct VerifyFlags {
  std::string file, acked, format = "text";
  std::int64_t first = -1;
};

Result<VerifyReport> verify(const VerifyFlags& flags) {
  VerifyOptions options;
  if (flags.first >= 0) options.first = static_cast<std::uint32_t>(flags.first);
  if (!flags.acked.empty()) {
    const std::string table = TRY(read_file(flags.acked));
    auto told = parse_acknowledged(table);
    if (!told) return fail_in(flags.acked, std::move(told).error());
    options.acknowledged = std::move(*told);
  }
  const std::filesystem::path path(flags.file);
  const auto folder = TRY(open_folder(path.has_parent_path() ? path.parent_path().string() : "."));
  const auto file = TRY(folder->open(path.filename().string(), FolderOpen::to_read));
  return verify_messages(*file, options);
}

int verify_and_tell(const VerifyFlags& flags) {
  const auto report = verify(flags);
  if (!report) {
    complain(report.error().text);
    return exit_code_of(report.error());
  }
  const std::string text = flags.format == "json" ? to_json(*report) : describe(*report);
  if (!print(text)) return code_of(ExitCode::other);
  return code_of(report->is_sound() ? ExitCode::ok : ExitCode::thresholds_failed);
}

}  // namespace

void add_messages_verify(CLI::App& tool, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<VerifyFlags>();
  VerifyFlags& f = *flags;
  CLI::App* verb = tool.add_subcommand(
      "messages-verify",
      "Find what a message server's output lacks: lost, duplicated, reordered, damaged");
  verb->add_option("file", f.file, "The output of `brunt serve messages`")->required();
  verb->add_option("--acked", f.acked,
                   "CSV of client_id,last_acked: every number up to there must be in the file");
  verb->add_option("--first", f.first,
                   "The number every client begins with (else the lowest that is there)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{4'294'967'295}));
  verb->add_option("--format", f.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->footer(
      "\nEnds with 0 if nothing is wrong, with 99 if something is.\nExamples:\n"
      "  brunt tool messages-verify messages.dat\n"
      "  brunt tool messages-verify messages.dat --first 1 --acked clients.csv --format json");
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return verify_and_tell(g); }; });
}

}  // namespace brunt
