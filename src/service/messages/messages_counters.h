// What the message server counts. Each worker thread has one MessagesCounters that only it changes;
// they lie in memory that the server's processes share, so that one process can show them all.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "server/counter.h"
#include "service/exposition.h"
#include "service/messages/accumulator.h"

namespace brunt {

struct alignas(64) MessagesCounters {
  MessagesCounters();

  Counter sessions_accepted, sessions_open;
  Counter sessions_refused;    // No descriptor, or beyond the limit.
  Counter sessions_timed_out;  // No message came for too long.
  Counter sessions_malformed;  // A length beyond the maximum or below the minimum.
  Counter sessions_torn;       // Ended in the middle of a message.
  Counter sessions_cut;        // Did not read their ACKs, or broke.
  Counter accept_errors;
  Counter messages;       // Received.
  Counter payload_bytes;  // Of those.
  Counter acknowledged;
  Counter backward;        // Messages with a number that is not above their session's last one.
  Counter groups;          // Stored.
  Counter group_failures;  // Attempts that the disk refused; each is repeated.
  Counter refusing;        // 1 while the last attempt has failed: nobody gets an ACK.
  BucketHistogram store_duration;
  BucketHistogram group_size;
};

// The shared memory: mapped before the other processes are forked, and inherited by them.
class MessagesRegion {
 public:
  // Errors: exhausted.
  static Result<std::unique_ptr<MessagesRegion>> create(std::size_t processes, std::size_t threads);
  ~MessagesRegion();

  MessagesCounters& counters(std::size_t process, std::size_t thread);
  AccumulatorStats& accumulator();
  std::atomic<std::uint32_t>& ready_processes();  // Those that listen.
  std::atomic<std::uint32_t>& processes_lost();   // Those that ended before they should.
  std::atomic<std::uint32_t>& sessions(std::size_t process);  // Open in this process.
  std::size_t processes() const { return processes_; }
  std::size_t threads() const { return threads_; }

  MessagesRegion(const MessagesRegion&) = delete;
  MessagesRegion& operator=(const MessagesRegion&) = delete;

 private:
  struct Head;
  MessagesRegion(void* memory, std::size_t bytes, std::size_t processes, std::size_t threads);
  Head& head() const;

  void* memory_;
  std::size_t bytes_, processes_, threads_;
};

// The Prometheus text of all processes.
std::string render_messages_metrics(MessagesRegion& region, WallTime started);

}  // namespace brunt
