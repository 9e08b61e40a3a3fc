// The IoT service's records in SQLite. One writer thread and one reader thread for all loops: what
// is queued when the writer gets to it goes into one transaction, whichever loops it came from, and
// costs one fsync.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/temporary_folder.h"
#include "db/sqlite.h"
#include "service/iot/iot_store.h"

namespace brunt {

class SqliteIotStore final : public IotStore {
 public:
  // `path` is empty for a temporary file, or ":memory:".
  static Result<std::unique_ptr<IotStore>> open(Fiber& self, const std::string& path);
  ~SqliteIotStore() override;

  Result<> commit(Fiber& self, const IotGroup& group) override;
  Result<> each_device(Fiber& self, UseDevice use) override;
  Result<bool> has_device(Fiber& self, const Uuid& id) override;
  Result<IotStatistics> statistics(Fiber& self) override;
  std::size_t lanes() const override { return 1; }  // More would only cut the groups smaller.
  bool shared_by_loops() const override { return true; }
  std::string_view kind() const override { return "sqlite"; }

 private:
  // One caller of commit(); lives on its stack.
  struct Waiting {
    const IotGroup* group;
    Result<> outcome;
  };

  SqliteIotStore() = default;
  void commit_waiting(SqliteDatabase& database);
  SqliteThread& reader() { return reader_ ? *reader_ : *writer_; }

  std::optional<TemporaryFolder> temporary_folder_;
  std::mutex mutex_;
  std::vector<Waiting*> waiting_;  // Guarded by mutex_.
  std::vector<Waiting*> taken_;    // The writer thread's; kept for its memory.
  std::unique_ptr<SqliteThread> writer_;
  std::unique_ptr<SqliteThread> reader_;  // None for ":memory:", which has one connection only.
};

}  // namespace brunt
