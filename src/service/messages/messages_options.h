// What a message server can be told. docs/reference/messages.md is the manual.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "loop/loop.h"
#include "wire/frame.h"

namespace brunt {

// What an ACK promises.
enum class Durability : std::uint8_t {
  ack_after_write,  // The message is with the kernel: a killed server loses nothing.
  ack_after_fsync,  // It is on the disk: a power cut loses nothing either.
  lazy,             // It came: a killed server may lose the last `lazy_wait`.
};
std::string_view name_of(Durability durability);             // "ack-after-write", ...
Result<Durability> parse_durability(std::string_view name);  // Errors: invalid.

struct MessagesLimits {
  std::uint32_t sessions_max = 0;  // In one process; 0: what the descriptors allow.
  Duration session_timeout = std::chrono::minutes(5);  // Without a message; then it is closed.
  Duration send_timeout = std::chrono::seconds(30);  // A client that does not read its ACKs is cut.
  std::uint32_t messages_per_turn = 512;    // Of one client, before the others have their turn.
  std::size_t group_bytes_max = 4u << 20u;  // In the lazy mode: then clients wait for the disk.
};

struct MessagesOptions {
  Endpoint listen = Endpoint::loopback(0);   // Port 0: the kernel chooses; ask endpoint().
  Endpoint metrics = Endpoint::loopback(0);  // For GET /metrics and /health.
  std::string output = "messages.dat";       // Its segments lie in "<output>.segments".
  Durability durability = Durability::ack_after_write;
  FrameLayout layout;
  std::size_t threads = 1;  // Worker threads in each process, each with its own loop.
  int backlog = 4096;       // Connections that wait to be accepted; bounded by somaxconn.
  BackendKind backend = BackendKind::automatic;
  MessagesLimits limits;
  std::uint64_t segment_bytes_max = 8u << 20u;
  Duration segment_age_max = std::chrono::seconds(1);  // Then it is finished, however short.
  Duration accumulate_every = std::chrono::seconds(1);
  Duration lazy_wait = std::chrono::milliseconds(20);  // How long the lazy mode gathers.
  Duration drain_time = std::chrono::seconds(10);      // For groups under way at the end.
};

// Errors: invalid, naming the option.
Result<> check_messages_options(const MessagesOptions& options);

}  // namespace brunt
