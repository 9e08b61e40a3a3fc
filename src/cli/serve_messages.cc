// `brunt serve messages`: the message server, to be measured or tried.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "cli/console.h"
#include "cli/services.h"
#include "judge/exit_code.h"
#include "loop/fiber_group.h"
#include "net/limits.h"
#include "net/port_reservation.h"
#include "service/messages/messages_processes.h"
#include "service/messages/messages_service.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

struct MessagesFlags {
  std::string listen = "127.0.0.1:14000", metrics = "127.0.0.1:0", output = "messages.dat";
  std::string durability = "ack-after-write", layout = "brunt", processes = "auto";
  std::string backend = "auto";
  std::string session_timeout = "5m", segment_size = "8MiB", segment_age = "1s";
  std::string accumulate_every = "1s", lazy_wait = "20ms";
  std::uint32_t payload_max = 256, clients = 10'000, messages_per_turn = 512;
  std::size_t threads = 1;
  int backlog = 4096;
};

Result<MessagesOptions> options_of(const MessagesFlags& flags) {
  MessagesOptions options;
  options.listen = TRY(Endpoint::parse(flags.listen));
  options.metrics = TRY(Endpoint::parse(flags.metrics));
  options.output = flags.output;
  options.durability = TRY(parse_durability(flags.durability));
  options.layout = TRY(parse_frame_layout(flags.layout));
  options.layout.payload_bytes_max = flags.payload_max;
  options.threads = flags.threads;
  options.backlog = flags.backlog;
  options.backend = TRY(parse_backend(flags.backend));
  options.limits.session_timeout = TRY(parse_duration(flags.session_timeout));
  options.limits.messages_per_turn = flags.messages_per_turn;
  options.segment_bytes_max = TRY(parse_size(flags.segment_size));
  options.segment_age_max = TRY(parse_duration(flags.segment_age));
  options.accumulate_every = TRY(parse_duration(flags.accumulate_every));
  options.lazy_wait = TRY(parse_duration(flags.lazy_wait));
  TRY(check_messages_options(options));
  return options;
}

// `auto`: so many that their descriptors hold the clients, with a tenth to spare, since the kernel
// spreads connections over the processes by chance.
Result<std::size_t> processes_of(const MessagesFlags& flags) {
  constexpr std::uint64_t descriptors_spare = 1'000;
  if (flags.processes != "auto") {
    const auto count = parse_integer(flags.processes);
    if (!count || *count < 1 || *count > 256)
      return fail(ErrorCode::invalid,
                  fmt::format("--processes {}: give auto, or 1 to 256", flags.processes));
    return static_cast<std::size_t>(*count);
  }
  const std::uint64_t limit = TRY(raise_descriptor_limit());
  const std::uint64_t room = limit > 2 * descriptors_spare ? limit - descriptors_spare : limit;
  if (flags.clients <= room) return 1;
  const std::uint64_t wanted = flags.clients + flags.clients / 10;
  return static_cast<std::size_t>((wanted + room - 1) / room);
}

// One process of the server, the first or another.
class MessagesVerb {
 public:
  MessagesVerb(const MessagesOptions& options, MessagesRegion& region, MessagesStore& store,
               MessagesProcesses& processes)
      : options_(options), region_(region), store_(store), processes_(processes) {}

  int run(Fiber& self, Signals& signals) {
    auto service = MessagesService::start(
        self, options_, {.store = store_, .region = region_, .process = processes_.index()},
        [](const std::string& text) { complain(text); });
    if (!service) {
      complain(service.error().text);
      return code_of(ExitCode::other);
    }
    service_ = service->get();
    return processes_.index() == 0 ? run_first(self, signals) : run_other(self, signals);
  }

 private:
  int run_other(Fiber& self, Signals& signals) {
    (void)signals.next(self, far_future);
    service_->stop();
    return service_->join(self) ? 0 : code_of(ExitCode::other);
  }

  int run_first(Fiber& self, Signals& signals) {
    FiberGroup watching(self.loop());
    const auto watched = watching.spawn("processes", [this](Fiber& fiber) {
      (void)processes_.watch(fiber, [this](Fiber& one, std::size_t index, const std::string& how) {
        process_ended(one, index, how);
      });
    });
    if (!watched) complain(watched.error().text);
    wait_for_others(self);
    announce();
    (void)signals.next(self, far_future);
    stopping_ = true;
    processes_.stop();
    service_->stop();
    service_->join_workers(self);
    (void)watching.join(self);
    const auto joined = service_->join(self);
    if (joined) return 0;
    const auto left = store_.left_over();
    complain(fmt::format("{}; {} segments stay in {}.segments and are taken up at the next start",
                         joined.error().text, left ? *left : 0, options_.output));
    return code_of(ExitCode::other);
  }

  // Until each listens, so that the kernel spreads the first clients over all of them.
  void wait_for_others(Fiber& self) {
    const Instant give_up = self.now() + 10s;
    while (region_.ready_processes().load() + region_.processes_lost().load() <
               region_.processes() &&
           self.now() < give_up)
      if (!self.sleep(2ms)) return;
  }

  void announce() {
    const auto metrics = service_->metrics_endpoint();
    print(fmt::format(
        "messages listens at {} (output {}, {}, {} x {} threads, room for {} clients)\n"
        "metrics are at http://{}/metrics; Ctrl-C ends it\n",
        service_->endpoint().text(), options_.output, name_of(options_.durability),
        region_.processes(), region_.threads(), service_->sessions_max() * region_.processes(),
        metrics ? metrics->text() : ""));
  }

  void process_ended(Fiber& self, std::size_t index, const std::string& how) {
    for (std::size_t thread = 0; thread < region_.threads(); ++thread)
      region_.counters(index, thread).sessions_open.set(0);
    if (!stopping_) {
      region_.processes_lost().fetch_add(1);
      complain(
          fmt::format("process {} of the server {}; its messages are taken over, the others "
                      "go on",
                      index, how));
    }
    service_->adopt(self, index);
  }

  const MessagesOptions& options_;
  MessagesRegion& region_;
  MessagesStore& store_;
  MessagesProcesses& processes_;
  MessagesService* service_ = nullptr;
  bool stopping_ = false;
};

Result<int> serve(const MessagesFlags& flags) {
  MessagesOptions options = TRY(options_of(flags));
  const std::size_t count = TRY(processes_of(flags));
  const auto port = TRY(PortReservation::take(options.listen));
  options.listen = port.endpoint();
  const auto region = TRY(MessagesRegion::create(count, options.threads));
  const auto generation = static_cast<std::uint64_t>(wall_now().unix_ns);
  const auto store = TRY(MessagesStore::open(options, generation, region->accumulator()));
  const auto processes = TRY(MessagesProcesses::fork_all(count));
  MessagesVerb verb(options, *region, *store, *processes);
  return run_on_loop([&](Fiber& self, Signals& signals) { return verb.run(self, signals); });
}

void add_storage_options(CLI::App& verb, MessagesFlags& f) {
  verb.add_option("--output", f.output, "The file in which all messages end up");
  verb.add_option("--durability", f.durability,
                  "What an ACK promises: ack-after-write (survives kill -9), ack-after-fsync "
                  "(and a power cut), lazy (neither)");
  verb.add_option("--segment-size", f.segment_size, "A worker's file is finished at this size");
  verb.add_option("--segment-age", f.segment_age, "... and at this age");
  verb.add_option("--accumulate-every", f.accumulate_every,
                  "How often finished segments are appended to the output");
  verb.add_option("--lazy-wait", f.lazy_wait, "How long the lazy mode gathers before it writes");
}

}  // namespace

void add_serve_messages(CLI::App& serve_verb, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<MessagesFlags>();
  MessagesFlags& f = *flags;
  CLI::App* verb = serve_verb.add_subcommand(
      "messages", "Clients send messages, which are stored and acknowledged");
  verb->add_option("--listen", f.listen, "Address and port (port 0: a free one)");
  verb->add_option("--metrics", f.metrics, "Where /metrics and /health are (port 0: a free one)");
  verb->add_option("--layout", f.layout, "Bytes of a message: brunt, or original (seed 004's)");
  verb->add_option("--payload-max", f.payload_max, "Bytes; a longer message ends its session");
  verb->add_option("--threads", f.threads, "Worker threads in each process");
  verb->add_option("--clients", f.clients, "How many there may be at once");
  verb->add_option("--processes", f.processes,
                   "auto: as many as the clients need descriptors; or a number");
  verb->add_option("--backlog", f.backlog, "Connections that wait to be accepted");
  verb->add_option("--session-timeout", f.session_timeout,
                   "A client that sends nothing for so long is closed");
  verb->add_option("--messages-per-turn", f.messages_per_turn,
                   "Of one client, before the others have their turn");
  verb->add_option("--backend", f.backend, "auto, io_uring, or epoll");
  add_storage_options(*verb, f);
  verb->footer(
      "\nExamples:\n  brunt serve messages\n  brunt serve messages --threads 2 --durability "
      "ack-after-fsync --output /var/lib/messages.dat\n  brunt serve messages --clients 100000\n"
      "  brunt serve messages --layout original --payload-max 32\n"
      "Afterwards: brunt tool messages-verify messages.dat");
  verb->callback([&line, flags]() {
    line.todo = [&g = *flags] {
      const auto code = serve(g);
      if (code) return *code;
      complain(code.error().text);
      return exit_code_of(code.error());
    };
  });
}

}  // namespace brunt
