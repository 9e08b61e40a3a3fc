// `brunt tool …`: what helps around a run.
#include "cli/tools.h"
#include "cli/verbs.h"

namespace brunt {

void add_tool(CLI::App& app, CommandLine& line) {
  CLI::App* tool = app.add_subcommand("tool", "What helps around a run");
  tool->require_subcommand(1);
  tool->footer(
      "\nExamples:\n  brunt tool doctor      what this machine lets brunt do\n"
      "  brunt tool messages-client --server localhost:14000 --client-id 7 --messages 100\n"
      "  brunt tool messages-verify messages.dat\n"
      "  brunt tool plot --y http_req_duration.p99 -o latency.pdf\n"
      "  brunt tool proxy localhost:6380 localhost:6379 --latency 154ms");
  add_doctor(*tool, line);
  add_messages_client(*tool, line);
  add_messages_verify(*tool, line);
  add_plot(*tool, line);
  add_proxy(*tool, line);
}

}  // namespace brunt
