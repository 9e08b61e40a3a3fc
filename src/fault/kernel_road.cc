#include "fault/kernel_road.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/assert.h"
#include "base/text.h"
#include "net/subprocess.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

using Words = std::vector<std::string>;

// Pairs of addresses from 198.18.0.0/15, which is set apart for measurements (RFC 2544): number N
// has the four from 4 N on.
constexpr std::uint32_t roads_max = 1u << 15u;
constexpr std::uint32_t first_address = (198u << 24u) + (18u << 16u);
constexpr const char* far_card = "far";

std::string address_of(std::uint32_t road, std::uint32_t end) {
  const std::uint32_t number = first_address + 4 * road + end;
  return fmt::format("{}.{}.{}.{}", number >> 24u, (number >> 16u) & 255u, (number >> 8u) & 255u,
                     number & 255u);
}

std::string card_name(std::uint32_t road) {
  return fmt::format("brunt{}", road);
}

bool needs_netem(const RoadShape& shape) {
  return shape.round_trip > Duration{} || shape.loss > 0 || shape.duplicate > 0 ||
         shape.corrupt > 0;
}

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// What `ip` or `tc` said of a failure, as an error that says what would help.
Error refusal(const Words& command, std::string_view said) {
  const std::string text(trim(said));
  if (text.find("kind is unknown") != std::string::npos)
    return {ErrorCode::unsupported,
            "this kernel has no netem: it was built without CONFIG_NET_SCH_NETEM, or its module "
            "sch_netem is missing; brunt's own proxy (no `driver`) does all but loss, reordering "
            "and duplicates of single packets"};
  if (text.find("not permitted") != std::string::npos)
    return {ErrorCode::unsupported,
            "this user may not make network cards: it takes root (CAP_NET_ADMIN and "
            "CAP_SYS_ADMIN)"};
  if (text.find("Unknown device type") != std::string::npos)
    return {ErrorCode::unsupported, "this kernel has no virtual cards (CONFIG_VETH)"};
  return {ErrorCode::io, fmt::format("{}: {}", fmt::join(command, " "), text)};
}

// Runs a program to its end; gives what it says, where it fails.
Result<> run(Fiber& self, const Words& command) {
  auto path = find_program(command[0], {"/usr/sbin", "/sbin", "/usr/bin"});
  if (!path)
    return fail(ErrorCode::not_found,
                fmt::format("{} is not installed: apt install iproute2", command[0]));
  ProcessOptions options{.argv = command, .output = ProcessOutput::pipe};
  options.argv[0] = path->string();
  const auto process = TRY(Subprocess::start(self.loop(), options));
  const Instant deadline = self.now() + 10s;
  std::string said;
  for (;;) {
    const std::string part = TRY(process->read(self, deadline));
    if (part.empty()) break;
    said += part;
  }
  const ExitStatus status = TRY(process->wait(self, deadline));
  if (status.success()) return {};
  return std::unexpected(refusal(command, said));
}

OwnedDescriptor network_namespace() {
  return OwnedDescriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Result<> check_road(const RoadShape& shape) {
  const auto is_share = [](double share) { return share >= 0 && share <= 1; };
  if (!is_share(shape.loss) || !is_share(shape.duplicate) || !is_share(shape.corrupt) ||
      !is_share(shape.reorder))
    return fail(ErrorCode::invalid, "shares of packets are 0 to 100%");
  if (shape.round_trip < Duration{} || shape.jitter < Duration{} || shape.jitter > shape.round_trip)
    return fail(ErrorCode::invalid, "jitter is at most the round trip, and neither is negative");
  if (shape.reorder > 0 && shape.round_trip == Duration{})
    return fail(ErrorCode::invalid,
                "packets overtake only where some are under way: reordering needs a round trip");
  if (!needs_netem(shape) && shape.bytes_a_second == 0)
    return fail(ErrorCode::invalid, "a road of the kernel needs a shape: a round trip, loss, ...");
  return {};
}

std::string queue_words(const RoadShape& shape) {
  const std::uint64_t bits = 8 * shape.bytes_a_second;
  if (!needs_netem(shape))
    // 10 ms of it at once, as a bucket that is refilled by timers needs, but whole packets.
    return fmt::format("tbf rate {}bit burst {} latency 200ms", bits,
                       std::max<std::uint64_t>(shape.bytes_a_second / 100, 3'200));
  const auto percent = [](double share) { return fmt::format("{:.7g}%", 100 * share); };
  std::string words = "netem limit 100000";  // Packets under way: more than any window of TCP.
  if (shape.round_trip > Duration{}) {
    words += fmt::format(" delay {}us", microseconds(shape.round_trip / 2));
    if (shape.jitter > Duration{}) {
      words += fmt::format(" {}us", microseconds(shape.jitter / 2));
      if (shape.distribution == JitterShape::normal) words += " distribution normal";
    }
  }
  if (shape.loss > 0) words += " loss random " + percent(shape.loss);
  if (shape.duplicate > 0) words += " duplicate " + percent(shape.duplicate);
  if (shape.corrupt > 0) words += " corrupt " + percent(shape.corrupt);
  if (shape.reorder > 0) words += " reorder " + percent(shape.reorder);
  if (bits > 0) words += fmt::format(" rate {}bit", bits);
  return words;
}

Result<std::unique_ptr<KernelRoad>> KernelRoad::open(Fiber& self, const RoadShape& shape) {
  TRY(check_road(shape));
  OwnedDescriptor here = network_namespace();
  if (!here.open() || unshare(CLONE_NEWNET) != 0) {
    const int number = errno;
    if (number == EPERM) return std::unexpected(refusal({}, "not permitted"));
    return std::unexpected(errno_error("making a network namespace", number));
  }
  OwnedDescriptor far = network_namespace();
  const bool is_back = setns(here.number(), CLONE_NEWNET) == 0;
  ASSERT(is_back);
  if (!far.open()) return std::unexpected(errno_error("reaching the network namespace", errno));
  std::unique_ptr<KernelRoad> road(new KernelRoad(std::move(here), std::move(far)));
  const std::uint32_t number = TRY(road->add_pair(self));
  TRY(road->set_up(self, number, shape));
  return road;
}

// The kernel takes the name of a card once: whoever has it has its addresses.
Result<std::uint32_t> KernelRoad::add_pair(Fiber& self) const {
  constexpr std::uint32_t tries = 100;
  const std::string there = fmt::format("/proc/{}/fd/{}", getpid(), far_.number());
  for (std::uint32_t i = 0;; ++i) {
    const std::uint32_t number = (static_cast<std::uint32_t>(getpid()) + 211 * i) % roads_max;
    // Without packets that a card would split (gso): the queue is to see what a wire would.
    const auto added =
        run(self, {"ip", "link", "add", card_name(number), "gso_max_segs", "1", "type", "veth",
                   "peer", "name", far_card, "gso_max_segs", "1", "netns", there});
    if (added) return number;
    if (i + 1 == tries || added.error().text.find("File exists") == std::string::npos)
      return std::unexpected(added.error());
  }
}

Result<> KernelRoad::set_up(Fiber& self, std::uint32_t number, const RoadShape& shape) {
  const Words inside = {"nsenter", fmt::format("--net=/proc/{}/fd/{}", getpid(), far_.number())};
  const std::string queue = queue_words(shape);
  const auto set_up_end = [&](const Words& prefix, const std::string& card,
                              const std::string& address) -> Result<> {
    const auto all = [&](Words words) {
      words.insert(words.begin(), prefix.begin(), prefix.end());
      return words;
    };
    TRY(run(self, all({"ip", "addr", "add", address + "/30", "dev", card})));
    TRY(run(self, all({"ip", "link", "set", card, "up"})));
    Words command = all({"tc", "qdisc", "add", "dev", card, "root"});
    for (const std::string_view word : split(queue, ' ')) command.emplace_back(word);
    return run(self, command);
  };
  TRY(set_up_end({}, card_name(number), address_of(number, 1)));
  TRY(set_up_end(inside, far_card, address_of(number, 2)));
  far_end_ = TRY(Endpoint::from_ip(address_of(number, 2), 0));
  return {};
}

Result<std::unique_ptr<Listener>> KernelRoad::listen(Loop& loop, ListenOptions options) const {
  if (options.at.family() == AF_UNIX)
    return fail(ErrorCode::invalid, "no road leads to a unix socket: give a port");
  options.at = far_end_.with_port(options.at.port());
  if (setns(far_.number(), CLONE_NEWNET) != 0)
    return std::unexpected(errno_error("entering the road's network namespace", errno));
  auto listener = loop.listen(options);
  const bool is_back = setns(here_.number(), CLONE_NEWNET) == 0;
  ASSERT(is_back);  // Else all that follows would be in the wrong network.
  return listener;
}

}  // namespace brunt
