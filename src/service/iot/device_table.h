// The devices that the service knows, in memory: a request finds its device without a query and
// without a lock.
//
// find() and the fields of a Device may be used from any thread at any time; add() takes a lock
// (logging in is rare). A device is never forgotten, so its reference stays valid. 24 bytes and 16
// to 32 of index for each.
#pragma once
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "service/iot/measurement.h"

namespace brunt {

// A Command in one word, so that threads read and write it whole.
class AtomicCommand {
 public:
  Command load() const { return unpack(bits_.load(std::memory_order_relaxed)); }
  void store(const Command& command) { bits_.store(pack(command), std::memory_order_relaxed); }
  Command exchange(const Command& command) {
    return unpack(bits_.exchange(pack(command), std::memory_order_relaxed));
  }

 private:
  static std::uint32_t pack(const Command& command) {
    return std::uint32_t{command.flush_litres} << 3u | std::uint32_t{command.informed} << 2u |
           std::uint32_t{command.fill} << 1u | std::uint32_t{command.charge};
  }
  static Command unpack(std::uint32_t bits) {
    return {.charge = (bits & 1u) != 0,
            .fill = (bits & 2u) != 0,
            .flush_litres = static_cast<std::uint16_t>(bits >> 3u),
            .informed = (bits & 4u) != 0};
  }
  std::atomic<std::uint32_t> bits_{0};
};

struct Device {
  explicit Device(const Uuid& its_id) : id(its_id) {}
  const Uuid id;
  AtomicCommand decided;  // By its last measurement.
  AtomicCommand told;     // What the last GET /command said.
};

class DeviceTable {
 public:
  explicit DeviceTable(std::size_t devices_max);
  ~DeviceTable();

  Device* find(const Uuid& id) const;  // nullptr: unknown.

  // Knowing it already is no error. Errors: exhausted (devices_max).
  Result<> add(const Uuid& id);

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  bool full() const { return size() >= devices_max_; }

  DeviceTable(const DeviceTable&) = delete;
  DeviceTable& operator=(const DeviceTable&) = delete;

 private:
  struct Index;  // Open addressing, linear probing, at most half full.
  static void insert(Index& index, Device& device);

  const std::size_t devices_max_;
  std::atomic<Index*> index_;
  std::atomic<std::size_t> size_{0};
  std::mutex adding_;
  // Outgrown ones stay: somebody may still be reading. Together they are as large as the last.
  std::vector<std::unique_ptr<Index>> indexes_;
  std::deque<Device> devices_;
};

}  // namespace brunt
