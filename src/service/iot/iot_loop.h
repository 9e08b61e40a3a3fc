// The part of the IoT service that runs on one loop: its HTTP server, its endpoints, its committer.
// Not for use outside service/iot.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/prng.h"
#include "server/http_server.h"
#include "service/iot/device_table.h"
#include "service/iot/group_committer.h"
#include "service/iot/iot_metrics.h"
#include "service/iot/iot_service.h"
#include "service/iot/iot_store.h"

namespace brunt {

class IotLoop;

// What all loops share. Everything in it may be used from any of their threads.
struct IotShared {
  explicit IotShared(const IotOptions& its_options);
  ~IotShared();  // Where IotLoop is complete.
  IotOptions options;
  DeviceTable devices;
  WallTime started;
  std::vector<std::unique_ptr<IotLoop>> loops;  // Complete before the first request is served.
};

class IotLoop {
 public:
  // Listens. `store` and `shared` must outlive it.
  static Result<std::unique_ptr<IotLoop>> create(Loop& loop, IotStore& store, IotShared& shared,
                                                 const HttpServerOptions& options,
                                                 std::uint64_t seed);

  // Serves until stop(), or until `self` is cancelled.
  void run(Fiber& self);
  void stop(Duration grace) { server_->stop(grace); }

  Endpoint endpoint() const { return server_->endpoint(); }
  const IotLoopMetrics& metrics() const { return metrics_; }
  const HttpServerStats& server_stats() const { return server_->stats(); }
  std::size_t waiting() const { return committer_.waiting(); }

 private:
  IotLoop(Loop& loop, IotStore& store, IotShared& shared, std::uint64_t seed);

  void handle(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void login(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void command(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void measurement(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void statistics(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void show_metrics(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  void health(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);

  // nullptr: answered already.
  Device* device_of(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response);
  Result<bool> look_up(Fiber& self, const Uuid& id);
  Result<> refresh_statistics(Fiber& self);
  void observe(const CommitReport& report);

  struct Route;
  static std::span<const Route> routes();

  Loop& loop_;
  IotStore& store_;
  IotShared& shared_;
  Prng prng_;
  IotLoopMetrics metrics_;
  GroupCommitter committer_;
  std::unique_ptr<HttpServer> server_;

  // How many unknown devices the store may still be asked for, until when.
  std::size_t look_ups_left_ = 0;
  Instant look_ups_until_{};
  std::optional<Error> store_error_;  // Of the last commit, if it failed.
  std::string statistics_json_;
  Instant statistics_until_{};
  Fiber* statistics_asker_ = nullptr;  // Who is at it; the others wait.
  std::vector<Fiber*> statistics_waiting_;
};

}  // namespace brunt
