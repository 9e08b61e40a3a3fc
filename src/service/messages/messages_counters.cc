#include "service/messages/messages_counters.h"

#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <new>
#include <vector>

namespace brunt {
namespace {

constexpr std::array<double, 14> duration_bounds_s{0.00001, 0.000025, 0.00005, 0.0001, 0.00025,
                                                   0.0005,  0.001,    0.0025,  0.005,  0.01,
                                                   0.025,   0.1,      1,       10};
constexpr std::array<double, 13> size_bounds{1,   2,   4,   8,    16,   32,   64,
                                             128, 256, 512, 1024, 4096, 16384};
constexpr std::size_t processes_max = 256;

struct Family {
  std::string_view name, type, help;
  Counter MessagesCounters::*member;
};
constexpr std::array families{
    Family{"messages_sessions_total", "counter", "Connections accepted.",
           &MessagesCounters::sessions_accepted},
    Family{"messages_sessions", "gauge", "Connections open.", &MessagesCounters::sessions_open},
    Family{"messages_sessions_refused_total", "counter",
           "Connections closed at once: no descriptor was left, or the limit was reached.",
           &MessagesCounters::sessions_refused},
    Family{"messages_sessions_timed_out_total", "counter",
           "Sessions ended because no message came for too long.",
           &MessagesCounters::sessions_timed_out},
    Family{"messages_sessions_malformed_total", "counter",
           "Sessions ended by a length beyond the maximum or of zero.",
           &MessagesCounters::sessions_malformed},
    Family{"messages_sessions_torn_total", "counter",
           "Sessions that ended in the middle of a message.", &MessagesCounters::sessions_torn},
    Family{"messages_sessions_cut_total", "counter",
           "Sessions that broke, or whose client did not read its ACKs.",
           &MessagesCounters::sessions_cut},
    Family{"messages_accept_errors_total", "counter", "Failed attempts to accept.",
           &MessagesCounters::accept_errors},
    Family{"messages_received_total", "counter", "Messages received.", &MessagesCounters::messages},
    Family{"messages_received_payload_bytes_total", "counter", "Payload of the messages received.",
           &MessagesCounters::payload_bytes},
    Family{"messages_acknowledged_total", "counter", "ACKs sent.", &MessagesCounters::acknowledged},
    Family{"messages_backward_total", "counter",
           "Messages whose number was not above the last one of their session.",
           &MessagesCounters::backward},
    Family{"messages_groups_total", "counter", "Groups of messages stored.",
           &MessagesCounters::groups},
    Family{"messages_group_failures_total", "counter",
           "Attempts to store a group that the disk refused; each is repeated.",
           &MessagesCounters::group_failures},
    Family{"messages_refusing", "gauge",
           "Workers whose disk refuses now, so that their clients get no ACK.",
           &MessagesCounters::refusing}};

void render_accumulator(Exposition& out, const AccumulatorStats& stats) {
  out.single("messages_output_bytes", "gauge", "Length of the output file.",
             stats.output_bytes.get());
  out.single("messages_accumulated_total", "counter", "Messages appended to the output.",
             stats.messages.get());
  out.single("messages_segments_accumulated_total", "counter", "Segments appended to the output.",
             stats.segments.get());
  out.single("messages_recovered_total", "counter",
             "Messages that an earlier server had left in segments.", stats.recovered.get());
  out.single("messages_torn_bytes_total", "counter",
             "Bytes of unfinished writes of an earlier server.", stats.torn_bytes.get());
  out.single("messages_damaged_bytes_total", "counter", "Bytes that could not be read.",
             stats.damaged_bytes.get());
  out.single("messages_accumulator_failures_total", "counter",
             "Attempts to append a segment that the disk refused; each is repeated.",
             stats.failures.get());
}

}  // namespace

MessagesCounters::MessagesCounters() : store_duration(duration_bounds_s), group_size(size_bounds) {}

struct alignas(64) MessagesRegion::Head {
  AccumulatorStats accumulator;
  std::atomic<std::uint32_t> ready{0}, lost{0};
  std::array<std::atomic<std::uint32_t>, processes_max> sessions{};
};

MessagesRegion::MessagesRegion(void* memory, std::size_t bytes, std::size_t processes,
                               std::size_t threads)
    : memory_(memory), bytes_(bytes), processes_(processes), threads_(threads) {
  std::construct_at(static_cast<Head*>(memory_));
  for (std::size_t process = 0; process < processes_; ++process)
    for (std::size_t thread = 0; thread < threads_; ++thread)
      std::construct_at(&counters(process, thread));
}

MessagesRegion::~MessagesRegion() {
  ::munmap(memory_, bytes_);
}

Result<std::unique_ptr<MessagesRegion>> MessagesRegion::create(std::size_t processes,
                                                               std::size_t threads) {
  if (processes < 1 || processes > processes_max)
    return fail(ErrorCode::invalid,
                fmt::format("processes {}: give 1 to {}", processes, processes_max));
  const std::size_t bytes = sizeof(Head) + processes * threads * sizeof(MessagesCounters);
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return std::unexpected(errno_error("cannot map memory for the counters", errno));
  // make_unique cannot reach a private constructor.
  return std::unique_ptr<MessagesRegion>(new MessagesRegion(memory, bytes, processes, threads));
}

MessagesRegion::Head& MessagesRegion::head() const {
  return *static_cast<Head*>(memory_);
}

MessagesCounters& MessagesRegion::counters(std::size_t process, std::size_t thread) {
  auto* const bytes = static_cast<std::byte*>(memory_) + sizeof(Head);
  return reinterpret_cast<MessagesCounters*>(bytes)[process * threads_ + thread];
}

AccumulatorStats& MessagesRegion::accumulator() {
  return head().accumulator;
}
std::atomic<std::uint32_t>& MessagesRegion::ready_processes() {
  return head().ready;
}
std::atomic<std::uint32_t>& MessagesRegion::processes_lost() {
  return head().lost;
}
std::atomic<std::uint32_t>& MessagesRegion::sessions(std::size_t process) {
  return head().sessions.at(process);
}

std::string render_messages_metrics(MessagesRegion& region, WallTime started) {
  std::vector<const MessagesCounters*> workers;
  for (std::size_t process = 0; process < region.processes(); ++process)
    for (std::size_t thread = 0; thread < region.threads(); ++thread)
      workers.push_back(&region.counters(process, thread));
  Exposition out;
  for (const Family& family : families) {
    std::uint64_t sum = 0;
    for (const MessagesCounters* worker : workers) sum += (worker->*family.member).get();
    out.single(family.name, family.type, family.help, sum);
  }
  std::vector<const BucketHistogram*> durations, sizes;
  for (const MessagesCounters* worker : workers) {
    durations.push_back(&worker->store_duration);
    sizes.push_back(&worker->group_size);
  }
  out.family("messages_store_duration_seconds", "histogram", "Storing one group.");
  out.histogram(durations);
  out.family("messages_group_size", "histogram", "Messages in a group.");
  out.histogram(sizes);
  render_accumulator(out, region.accumulator());
  out.single("messages_processes", "gauge", "Processes that serve.",
             region.processes() - region.processes_lost().load());
  out.single("messages_processes_lost_total", "counter", "Processes that ended before they should.",
             region.processes_lost().load());
  render_process(out, started);
  return out.take();
}

}  // namespace brunt
