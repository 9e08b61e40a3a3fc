#include "service/iot/device_table.h"

#include <fmt/format.h>

namespace brunt {
namespace {

constexpr std::size_t first_slots = 1024;  // A power of two.

}  // namespace

struct DeviceTable::Index {
  explicit Index(std::size_t count) : mask(count - 1), slots(count) {}
  // The bits of a UUID are random but for six; those of `low` behind the variant are all random.
  std::size_t home(const Uuid& id) const { return (id.low ^ id.high) & mask; }

  const std::size_t mask;
  std::vector<std::atomic<Device*>> slots;
};

DeviceTable::DeviceTable(std::size_t devices_max) : devices_max_(devices_max) {
  indexes_.push_back(std::make_unique<Index>(first_slots));
  index_.store(indexes_.back().get(), std::memory_order_release);
}

DeviceTable::~DeviceTable() = default;

Device* DeviceTable::find(const Uuid& id) const {
  const Index& index = *index_.load(std::memory_order_acquire);
  for (std::size_t slot = index.home(id);; slot = (slot + 1) & index.mask) {
    Device* device = index.slots[slot].load(std::memory_order_acquire);
    if (device == nullptr || device->id == id) return device;
  }
}

void DeviceTable::insert(Index& index, Device& device) {
  std::size_t slot = index.home(device.id);
  while (index.slots[slot].load(std::memory_order_relaxed) != nullptr)
    slot = (slot + 1) & index.mask;
  index.slots[slot].store(&device, std::memory_order_release);
}

Result<> DeviceTable::add(const Uuid& id) {
  const std::lock_guard lock(adding_);
  if (find(id) != nullptr) return {};
  if (devices_.size() >= devices_max_)
    return fail(ErrorCode::exhausted, fmt::format("there are {} devices, and no more may log in "
                                                  "(see devices_max)",
                                                  devices_max_));
  Device& device = devices_.emplace_back(id);
  if (devices_.size() * 2 > indexes_.back()->slots.size()) {
    auto larger = std::make_unique<Index>(indexes_.back()->slots.size() * 2);
    for (Device& known : devices_) insert(*larger, known);
    indexes_.push_back(std::move(larger));
    index_.store(indexes_.back().get(), std::memory_order_release);
  } else {
    insert(*indexes_.back(), device);
  }
  size_.store(devices_.size(), std::memory_order_relaxed);
  return {};
}

}  // namespace brunt
