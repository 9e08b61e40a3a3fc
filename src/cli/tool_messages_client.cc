// `brunt tool messages-client`: one client of a message server by itself, and the line of its
// figures.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "base/units.h"
#include "cli/console.h"
#include "cli/tools.h"
#include "client/frame_client.h"
#include "judge/exit_code.h"
#include "metrics/subject.h"

namespace brunt {
namespace {

struct MessagesClientFlags {
  std::string server = "127.0.0.1:14000", layout = "brunt", timeout = "10s";
  std::uint64_t client_id = 1, messages = 10;
  std::uint32_t size = 32;
  std::vector<std::string> allow;
};

// Parks until all messages have been acknowledged. Errors: the first that was not.
Result<> exchange(Fiber& self, FrameClient& client, const MessagesClientFlags& flags,
                  Subject& figures) {
  const Duration timeout = TRY(parse_duration(flags.timeout));
  const std::string payload(flags.size, 'm');
  std::string scratch;
  FrameReply reply;
  for (std::uint64_t number = 1; number <= flags.messages; ++number) {
    TRY(client.send(
        self, {.client_id = flags.client_id, .message_id = number, .payload = as_bytes(payload)},
        scratch, reply, self.now() + timeout));
    if (reply.failure)
      return fail(reply.failure->cause,
                  fmt::format("message {} to {}: {}", number, flags.server, reply.failure->detail));
    if (reply.connected) figures.add(MetricId::setup_time, reply.setup);
    figures.add(MetricId::frame_req_duration, reply.duration);
  }
  return {};
}

Result<> talk(Fiber& self, const MessagesClientFlags& flags, Subject& figures) {
  FrameClientOptions options{.target = TRY(parse_peer_address(flags.server)),
                             .layout = TRY(parse_frame_layout(flags.layout))};
  if (flags.messages == 0) return fail(ErrorCode::invalid, "--messages 0: give at least 1");
  options.layout.payload_bytes_max = std::max(options.layout.payload_bytes_max, flags.size);
  TRY(check_frame_layout(options.layout));
  const AllowList allow = TRY(AllowList::parse({.allow = flags.allow}));
  Resolver resolver(self.loop(), {});
  Dialer dialer(self.loop(), resolver, allow, {});
  FrameClient client(self.loop(), dialer, options);
  return exchange(self, client, flags, figures);
}

int run_client(const MessagesClientFlags& flags) {
  return run_on_loop([&](Fiber& self, Signals& signals) {
    Subject figures(std::to_string(flags.client_id));
    Fiber& client = self;
    const auto watch = self.loop().spawn("signals", [&](Fiber& fiber) {
      if (signals.next(fiber, far_future)) client.cancel();
    });
    const auto done = talk(self, flags, figures);
    if (watch) (*watch)->cancel();
    if (!done) {
      complain(done.error().text);
      return exit_code_of(done.error());
    }
    std::vector<SubjectFigure> values;
    figures.append_figures(values);
    constexpr double us_per_ms = 1000;
    const std::string text = fmt::format("{},{:.1f},{:.1f}\n", figures.name(),
                                         values[0].value * us_per_ms, values[1].value * us_per_ms);
    return print(text) ? 0 : code_of(ExitCode::other);
  });
}

}  // namespace

void add_messages_client(CLI::App& tool, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<MessagesClientFlags>();
  MessagesClientFlags& f = *flags;
  CLI::App* verb =
      tool.add_subcommand("messages-client",
                          "One client of a message server; prints client_id,connect_time_us,"
                          "median_rtt_us");
  verb->add_option("--server", f.server, "HOST:PORT (default: 127.0.0.1:14000)");
  verb->add_option("--client-id", f.client_id, "Who it is (default: 1)");
  verb->add_option("--messages", f.messages,
                   "How many it sends, each after the last one's ACK (default: 10)");
  verb->add_option("--size", f.size, "Bytes of a message (default: 32)");
  verb->add_option("--layout", f.layout, "brunt, or original: the first server's bytes");
  verb->add_option("--timeout", f.timeout, "For each message (default: 10s)");
  verb->add_option("--allow", f.allow, "A host that may be loaded besides loopback")
      ->allow_extra_args(false);
  verb->footer(
      "\nEvery ACK is checked; the first message that gets none ends it.\n\nExamples:\n"
      "  brunt tool messages-client --server localhost:14000 --client-id 7 --messages 1000\n"
      "  brunt tool messages-client --layout original --messages 100");
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return run_client(g); }; });
}

}  // namespace brunt
