// One connection of a Proxy: two streams and two flows, one for each direction, each on a fiber of
// its own. Not for use outside fault/.
#pragma once
#include <memory>
#include <vector>

#include "fault/proxy.h"
#include "fault/toxic_chain.h"
#include "loop/fiber_group.h"

namespace brunt {

struct Proxy::State {
  State(Loop& its_loop, Dialer& its_dialer, ProxyOptions its_options)
      : loop(its_loop), dialer(its_dialer), options(std::move(its_options)) {}

  Result<> settle_listener();
  void take(std::unique_ptr<Stream> client);
  void toxics_changed();
  void ran_out(const Error& error);  // Counts it, if it is that descriptors or ports have run out.
  // Whether a toxic befalls connection `number`.
  bool befalls(const Toxic& toxic, std::uint64_t number) const;

  Loop& loop;
  Dialer& dialer;
  ProxyOptions options;
  ProxyTarget target;
  std::unique_ptr<Listener> listener;
  ProxyStats stats;
  std::string shortage;
  std::vector<Toxic> toxics;
  std::uint64_t version = 0;  // Of the toxics; a flow that knows an older one looks again.
  PiecePool pool;
  std::vector<ProxyConnection*> connections;
  std::uint64_t connections_ever = 0;
  Fiber* acceptor = nullptr;
  FiberGroup* group = nullptr;  // While serve() runs.
  Endpoint endpoint;
  bool stopping = false;
};

// One direction.
struct ProxyFlow {
  ToxicStream direction = ToxicStream::upstream;
  Stream* from = nullptr;
  Stream* to = nullptr;
  Fiber* fiber = nullptr;  // While it runs.
  bool is_busy = false;    // Sending or connecting: not to be disturbed.
  bool has_ended = false;  // The sender's end has come; what waits may still go.
  std::uint64_t version = 0;
  std::unique_ptr<ToxicChain> chain;  // None: bytes go straight on.
};

class ProxyConnection {
 public:
  // Owns itself from here: the fiber it starts destroys it.
  static void start(Proxy::State& proxy, std::unique_ptr<Stream> client, std::uint64_t number);
  ~ProxyConnection();

  // The toxics have changed.
  void look_again();
  // Ends both directions.
  void end(PieceEnd how);
  std::uint64_t number() const { return number_; }

  ProxyConnection(const ProxyConnection&) = delete;
  ProxyConnection& operator=(const ProxyConnection&) = delete;

 private:
  ProxyConnection(Proxy::State& proxy, std::unique_ptr<Stream> client, std::uint64_t number);
  void run_upstream(Fiber& self);
  void run_downstream(Fiber& self);
  void flow_ended();
  void pump(Fiber& self, ProxyFlow& flow);
  bool pump_through(Fiber& self, ProxyFlow& flow);
  bool pump_chain(Fiber& self, ProxyFlow& flow);
  bool deliver_due(Fiber& self, ProxyFlow& flow);
  bool receive(Fiber& self, ProxyFlow& flow, Instant deadline);
  bool send(Fiber& self, ProxyFlow& flow, ByteView bytes);
  bool broken(const Error& error);
  bool dial(Fiber& self);
  void refresh(ProxyFlow& flow);
  Duration handshake_latency(ToxicStream direction) const;

  Proxy::State& proxy_;
  std::uint64_t number_;
  std::size_t index_;  // In the proxy's list.
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
  Instant opened_;
  Instant established_;
  Instant dials_at_;
  ProxyFlow up_, down_;
  bool has_downstream_ = false;  // Its fiber was started and has not ended.
  bool is_over_ = false;
  PieceEnd how_ = PieceEnd::finish;
};

}  // namespace brunt
