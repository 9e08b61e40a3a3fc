#include "fault/proxy_connection.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace brunt {
namespace {

bool works_in(const Toxic& toxic, ToxicStream direction) {
  return toxic.stream == ToxicStream::both || toxic.stream == direction;
}

}  // namespace

void ProxyConnection::start(Proxy::State& proxy, std::unique_ptr<Stream> client,
                            std::uint64_t number) {
  // Owned by its fibers: the last of them destroys it.
  auto* const connection = new ProxyConnection(proxy, std::move(client), number);
  const auto spawned =
      proxy.group->spawn("proxy up", [connection](Fiber& self) { connection->run_upstream(self); });
  if (spawned) return;
  proxy.stats.connections_refused.add();
  delete connection;
}

ProxyConnection::ProxyConnection(Proxy::State& proxy, std::unique_ptr<Stream> client,
                                 std::uint64_t number)
    : proxy_(proxy),
      number_(number),
      index_(proxy.connections.size()),
      client_(std::move(client)),
      opened_(proxy.loop.now()) {
  proxy_.connections.push_back(this);
  proxy_.stats.connections_open.add();
  const Duration up = handshake_latency(ToxicStream::upstream);
  const Duration down = handshake_latency(ToxicStream::downstream);
  // A SYN goes and its answer comes back; the server has its connection when the client's answer to
  // that has come.
  established_ = opened_ + up + down;
  dials_at_ = established_ + up;
  up_.direction = ToxicStream::upstream;
  up_.from = client_.get();
  down_.direction = ToxicStream::downstream;
  down_.to = client_.get();
}

ProxyConnection::~ProxyConnection() {
  if (how_ == PieceEnd::reset) {
    proxy_.stats.broken.add();
    if (client_ != nullptr) client_->abort();
    if (server_ != nullptr) server_->abort();
  }
  proxy_.connections[index_] = proxy_.connections.back();
  proxy_.connections[index_]->index_ = index_;
  proxy_.connections.pop_back();
  proxy_.stats.connections_open.subtract();
}

Duration ProxyConnection::handshake_latency(ToxicStream direction) const {
  Duration sum{};
  for (const Toxic& toxic : proxy_.toxics)
    if (toxic.type == ToxicType::latency && toxic.handshake && works_in(toxic, direction) &&
        proxy_.befalls(toxic, number_))
      sum += toxic.delay;
  return sum;
}

void ProxyConnection::run_upstream(Fiber& self) {
  up_.fiber = &self;
  if (!is_over_) pump(self, up_);
  up_.fiber = nullptr;
  flow_ended();
}

void ProxyConnection::run_downstream(Fiber& self) {
  down_.fiber = &self;
  if (!is_over_) pump(self, down_);
  down_.fiber = nullptr;
  has_downstream_ = false;
  flow_ended();
}

void ProxyConnection::flow_ended() {
  if (up_.fiber == nullptr && !has_downstream_) delete this;
}

void ProxyConnection::end(PieceEnd how) {
  if (is_over_) return;
  is_over_ = true;
  how_ = how;
  if (up_.fiber != nullptr) up_.fiber->cancel();
  if (down_.fiber != nullptr) down_.fiber->cancel();
}

void ProxyConnection::look_again() {
  for (const Toxic& toxic : proxy_.toxics)
    if (toxic.type == ToxicType::down && proxy_.befalls(toxic, number_))
      return end(PieceEnd::close);
  for (ProxyFlow* const flow : {&up_, &down_})
    if (flow->fiber != nullptr && !flow->is_busy) flow->fiber->expire();
}

void ProxyConnection::refresh(ProxyFlow& flow) {
  flow.version = proxy_.version;
  std::vector<Toxic> toxics;
  for (const Toxic& toxic : proxy_.toxics)
    if (works_in(toxic, flow.direction) && proxy_.befalls(toxic, number_)) toxics.push_back(toxic);
  const bool waits =
      flow.direction == ToxicStream::upstream && server_ == nullptr && dials_at_ > opened_;
  if (toxics.empty() && flow.chain == nullptr && !waits) return;
  if (flow.chain == nullptr) {
    const std::uint64_t stream = number_ * 2 + (flow.direction == ToxicStream::upstream ? 0 : 1);
    flow.chain = std::make_unique<ToxicChain>(
        proxy_.pool, Prng(proxy_.options.seed).split(stream),
        ToxicChain::Times{.opened = opened_, .established = established_});
  }
  flow.chain->set(toxics, proxy_.loop.now());
}

void ProxyConnection::pump(Fiber& self, ProxyFlow& flow) {
  refresh(flow);
  while (!is_over_) {
    if (flow.version != proxy_.version) refresh(flow);
    const bool has_server = server_ != nullptr;
    if (!has_server && self.now() >= dials_at_ && !dial(self)) return;
    if (flow.chain != nullptr && flow.chain->idle() && server_ != nullptr) flow.chain.reset();
    const bool goes_on = flow.chain == nullptr ? pump_through(self, flow) : pump_chain(self, flow);
    if (!goes_on) return;
  }
}

// Nothing to be done to the bytes. False: this direction is over.
bool ProxyConnection::pump_through(Fiber& self, ProxyFlow& flow) {
  if (flow.has_ended) {
    flow.to->finish();
    return false;
  }
  while (flow.version == proxy_.version) {
    const auto bytes = flow.from->receive(self, far_future);
    if (!bytes) {
      if (bytes.error().code == ErrorCode::timeout) return true;  // Somebody said: look again.
      return broken(bytes.error());
    }
    if (flow.version != proxy_.version) refresh(flow);
    if (flow.chain != nullptr) {
      if (bytes->empty()) flow.has_ended = true;
      bytes->empty() ? flow.chain->end(PieceEnd::finish, self.now())
                     : flow.chain->take(*bytes, self.now());
      return true;
    }
    if (bytes->empty()) {
      flow.to->finish();
      return false;
    }
    if (!send(self, flow, *bytes)) return false;
  }
  return true;
}

// A peer broke off, or we are to wind down. False, for the caller to return.
bool ProxyConnection::broken(const Error& error) {
  end(error.code == ErrorCode::cancelled ? PieceEnd::close : PieceEnd::reset);
  return false;
}

bool ProxyConnection::send(Fiber& self, ProxyFlow& flow, ByteView bytes) {
  flow.is_busy = true;
  const auto sent = flow.to->send(self, bytes, far_future);
  flow.is_busy = false;
  if (!sent) return broken(sent.error());
  Counter& counter = flow.direction == ToxicStream::upstream ? proxy_.stats.bytes_upstream
                                                             : proxy_.stats.bytes_downstream;
  counter.add(bytes.size());
  return true;
}

// One wait, and what was due before it. False: this direction is over.
bool ProxyConnection::pump_chain(Fiber& self, ProxyFlow& flow) {
  ToxicChain& chain = *flow.chain;
  if (self.now() >= chain.ends_at()) {
    end(chain.ends_how());
    return false;
  }
  if (!deliver_due(self, flow)) return false;
  if (flow.version != proxy_.version) return true;  // They changed while it was sending.
  const Instant now = self.now();
  Instant deadline = chain.ends_at();
  if (server_ == nullptr)
    deadline = std::min(deadline, dials_at_);
  else if (chain.front() != nullptr)
    deadline = std::min(deadline, chain.front()->due);
  else if (flow.has_ended && chain.idle())
    return true;  // To be finished by pump_through().
  if (deadline <= now) return true;
  const bool has_room = chain.bytes_held() < proxy_.options.limits.held_bytes_max;
  if (!flow.has_ended && has_room && chain.reads_from() <= now)
    return receive(self, flow, deadline);
  if (!flow.has_ended && has_room) deadline = std::min(deadline, chain.reads_from());
  const auto parked = self.park(deadline, "held bytes");
  if (!parked && parked.error().code == ErrorCode::cancelled) return broken(parked.error());
  return true;
}

bool ProxyConnection::receive(Fiber& self, ProxyFlow& flow, Instant deadline) {
  const auto bytes = flow.from->receive(self, deadline);
  if (!bytes && bytes.error().code == ErrorCode::timeout) return true;
  if (!bytes && bytes.error().code == ErrorCode::cancelled) return broken(bytes.error());
  // A turn's bytes came during it: its beginning would be too early by up to a turn.
  const Instant now = self.now();
  if (flow.version != proxy_.version) refresh(flow);
  if (bytes && !bytes->empty()) {
    flow.chain->take(*bytes, now);
    return true;
  }
  flow.has_ended = true;
  flow.chain->end(bytes ? PieceEnd::finish : PieceEnd::reset, now);
  return true;
}

bool ProxyConnection::deliver_due(Fiber& self, ProxyFlow& flow) {
  if (server_ == nullptr) return true;
  ToxicChain& chain = *flow.chain;
  while (chain.front() != nullptr && chain.front()->due <= self.now()) {
    const HeldPiece& piece = *chain.front();
    if (!piece.bytes.empty() && !send(self, flow, piece.bytes)) return false;
    const PieceEnd how = chain.front()->end;
    chain.pop();
    if (how == PieceEnd::none) continue;
    if (how == PieceEnd::finish)
      flow.to->finish();
    else
      end(how);
    return false;
  }
  return !is_over_;
}

// Reaches the upstream and starts the other direction. False: it could not be.
bool ProxyConnection::dial(Fiber& self) {
  const DialTarget target{.host = proxy_.target.host, .port = proxy_.target.port};
  up_.is_busy = true;
  auto dialed =
      proxy_.dialer.dial(self, target, self.now() + proxy_.options.limits.connect_timeout);
  up_.is_busy = false;
  if (!dialed) {
    const ErrorCode code = dialed.error().code;
    proxy_.ran_out(dialed.error());
    if (code != ErrorCode::cancelled && code != ErrorCode::exhausted)
      proxy_.stats.upstream_failed.add();
    return broken(dialed.error());
  }
  server_ = std::move(dialed->stream);
  up_.to = server_.get();
  down_.from = server_.get();
  has_downstream_ = true;
  const auto spawned =
      proxy_.group->spawn("proxy down", [this](Fiber& fiber) { run_downstream(fiber); });
  if (!spawned) {
    has_downstream_ = false;
    end(PieceEnd::reset);
    return false;
  }
  return !is_over_;
}

}  // namespace brunt
