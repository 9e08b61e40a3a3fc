// The IoT service's records in PostgreSQL, with the seed's tables; a hypertable where the
// TimescaleDB extension is available. A group is one round trip and one transaction: for each table
// one insert of arrays (unnest), pipelined. Belongs to one loop.
#pragma once
#include <memory>
#include <string>

#include "db/postgres.h"
#include "service/iot/iot_store.h"

namespace brunt {

class PostgresIotStore final : public IotStore {
 public:
  static Result<std::unique_ptr<IotStore>> open(Fiber& self, const IotStoreOptions& options);

  Result<> commit(Fiber& self, const IotGroup& group) override;
  Result<> each_device(Fiber& self, UseDevice use) override;
  Result<bool> has_device(Fiber& self, const Uuid& id) override;
  Result<IotStatistics> statistics(Fiber& self) override;
  std::size_t lanes() const override { return lanes_; }
  bool shared_by_loops() const override { return false; }
  std::string_view kind() const override { return has_timescale_ ? "timescale" : "postgres"; }

 private:
  explicit PostgresIotStore(const IotStoreOptions& options);
  Result<> make_tables(Fiber& self);
  Result<PostgresPool::Lease> connection(Fiber& self);
  Instant deadline(Fiber& self) const { return self.now() + statement_timeout_; }

  std::size_t lanes_;
  Duration statement_timeout_;
  bool has_timescale_ = false;
  PostgresPool pool_;
};

}  // namespace brunt
