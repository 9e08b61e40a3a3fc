#include <algorithm>
#include <map>
#include <queue>
#include <utility>

#include "base/assert.h"
#include "loop/backend.h"
#include "loop/fiber_impl.h"
#include "loop/simulated_pipe.h"
#include "loop/socket.h"

namespace brunt {
namespace {

constexpr Duration retransmission_timeout = std::chrono::milliseconds(200);
constexpr Duration syn_timeout = std::chrono::seconds(1);  // TCP's first wait for a SYN's answer.
constexpr std::int64_t year_2000_unix_ns = 946'684'800'000'000'000;
constexpr std::uint16_t first_own_port = 32'768;  // As net.ipv4.ip_local_port_range has it.
constexpr std::uint16_t last_own_port = 60'999;

class SimulatedStream;

struct ListenerState {
  struct Arrival {
    Instant arrives;
    std::unique_ptr<SimulatedStream> stream;
  };
  Endpoint at;
  std::size_t backlog = 0;
  bool is_paused = false;
  std::deque<Arrival> arrivals;
  // Shared with events that may outlive the listener: an event must find a gate, if a useless one.
  std::shared_ptr<SimulatedGate> gate = std::make_shared<SimulatedGate>();
};

class SimulatedBackend final : public Backend {
 public:
  explicit SimulatedBackend(const LoopOptions& options)
      : network_(options.network),
        wall_jump_(options.wall_jump),
        core_loss_(options.core_loss),
        prng_(options.seed) {
    constexpr std::uint64_t stream_of_network = 1;  // Apart from Loop::prng(), which is stream 0.
    prng_ = prng_.split(stream_of_network);
  }

  PollOutcome poll(Instant until) override;
  Instant now() const override { return now_; }
  WallTime wall() const override;
  BackendKind kind() const override { return BackendKind::simulated; }
  Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                          Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Result<> wait_fd(Fiber& /*self*/, int /*fd*/, FdEvent /*event*/, Instant /*deadline*/) override {
    return fail(ErrorCode::unsupported, "a simulated loop cannot wait for a real descriptor");
  }

  bool happens(double probability) { return probability > 0 && prng_.uniform() < probability; }
  Duration delay();
  // Wakes whoever waits at `gate` then. shared_ptr: the stream may be gone by that time.
  void open_at(Instant at, std::shared_ptr<SimulatedGate> gate);
  const SimulatedNetwork& network() const { return network_; }
  Prng& prng() { return prng_; }
  void unlisten(const Endpoint& at) {
    std::erase_if(listeners_, [&](auto* l) { return l->at == at; });
  }

 private:
  // shared_ptr: see open_at().
  struct Event {
    Instant at;
    std::uint64_t sequence;
    std::shared_ptr<SimulatedGate> gate;
    bool operator>(const Event& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  ListenerState* find(const Endpoint& to) const;
  void lose_core();
  Result<> pass_time(Fiber& self, Instant until, const ConnectOptions& options, Instant deadline);
  Endpoint source_of(const ConnectOptions& options);
  std::uint16_t next_port();

  SimulatedNetwork network_;
  WallJump wall_jump_;
  CoreLoss core_loss_;
  Prng prng_;
  Instant now_{};
  std::uint64_t sequence_ = 0;
  std::uint16_t last_port_ = last_own_port;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<ListenerState*> listeners_;
};

// shared_ptr: a pipe has two ends, and events under way; each may be the last to go.
using PipePointer = std::shared_ptr<SimulatedPipe>;

class SimulatedStream final : public Stream {
 public:
  SimulatedStream(SimulatedBackend& backend, PipePointer incoming, PipePointer outgoing)
      : backend_(backend), incoming_(std::move(incoming)), outgoing_(std::move(outgoing)) {}
  ~SimulatedStream() override;

  Result<ByteView> receive(Fiber& self, Instant deadline) override;
  Result<> send(Fiber& self, ByteView bytes, Instant deadline) override;
  void finish() override;
  void abort() override;
  bool usable() override;
  Endpoint local() const override { return local_; }
  Endpoint peer() const override { return peer_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }
  std::uint64_t bytes_received() const override { return bytes_received_; }

  void name(const Endpoint& local, const Endpoint& peer) {
    local_ = local;
    peer_ = peer;
  }

 private:
  void dispatch(ByteView bytes);
  Instant arrival();
  void wake_reader_at(Instant at);

  SimulatedBackend& backend_;
  PipePointer incoming_;
  PipePointer outgoing_;
  std::vector<std::byte> view_;
  Endpoint local_;
  Endpoint peer_;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

SimulatedStream::~SimulatedStream() {
  finish();
  incoming_->reader_left = std::min(incoming_->reader_left, backend_.now() + backend_.delay());
  backend_.open_at(incoming_->reader_left, {incoming_, &incoming_->writer});
}

void SimulatedStream::wake_reader_at(Instant at) {
  backend_.open_at(at, {outgoing_, &outgoing_->reader});
}

Result<ByteView> SimulatedStream::receive(Fiber& self, Instant deadline) {
  view_ = {};
  while (!incoming_->is_readable(backend_.now())) {
    const Woken woken = incoming_->reader.wait(FiberImpl::of(self), deadline, "receive");
    if (woken != Woken::by_event && !incoming_->is_readable(backend_.now()))
      return wait_error(woken, "receive");
  }
  if (incoming_->has_arrived(backend_.now())) {
    view_ = std::move(incoming_->chunks.front().bytes);
    incoming_->chunks.pop_front();
    incoming_->bytes_inside -= view_.size();
    incoming_->writer.open();
    bytes_received_ += view_.size();
    return ByteView(view_);
  }
  if (incoming_->is_broken(backend_.now()))
    return fail(ErrorCode::reset,
                "receive from " + peer_.text() + ": the network broke the stream");
  return ByteView();
}

Result<> SimulatedStream::send(Fiber& self, ByteView bytes, Instant deadline) {
  while (!bytes.empty()) {
    const Instant now = backend_.now();
    if (outgoing_->is_broken(now) || outgoing_->reader_left <= now || outgoing_->ends < far_future)
      return fail(ErrorCode::reset, "send to " + peer_.text() + ": the stream is broken or closed");
    const std::size_t room = SimulatedPipe::window_bytes - outgoing_->bytes_inside;
    if (room == 0) {
      const Woken woken = outgoing_->writer.wait(FiberImpl::of(self), deadline, "send");
      if (woken != Woken::by_event) return wait_error(woken, "send");
      continue;
    }
    const ByteView part = bytes.first(std::min(room, bytes.size()));
    bytes = bytes.subspan(part.size());
    bytes_sent_ += part.size();
    if (part.size() > 1 && backend_.happens(backend_.network().split_probability)) {
      const auto last = static_cast<std::int64_t>(part.size()) - 1;
      const auto cut = static_cast<std::size_t>(backend_.prng().between(1, last));
      dispatch(part.first(cut));
      dispatch(part.subspan(cut));
    } else {
      dispatch(part);
    }
  }
  if (FiberImpl::of(self).is_cancelled) return wait_error(Woken::by_cancel, "send");
  return {};
}

Instant SimulatedStream::arrival() {
  Duration travel = backend_.delay();
  if (backend_.happens(backend_.network().loss_probability)) travel += retransmission_timeout;
  // Held back a while, so that what other streams send later overtakes it.
  if (backend_.happens(backend_.network().reorder_probability))
    travel +=
        std::max<Duration>(backend_.network().one_way_delay_max, std::chrono::milliseconds(1));
  outgoing_->last_arrival = std::max(outgoing_->last_arrival, backend_.now() + travel);
  return outgoing_->last_arrival;
}

void SimulatedStream::dispatch(ByteView bytes) {
  const Instant arrives = arrival();
  if (backend_.happens(backend_.network().reset_probability)) {
    for (const PipePointer& pipe : {incoming_, outgoing_}) {
      pipe->breaks = std::min(pipe->breaks, arrives);
      backend_.open_at(arrives, {pipe, &pipe->reader});
      backend_.open_at(arrives, {pipe, &pipe->writer});
    }
    return;
  }
  // Lost with the chunk that broke the stream: a reader must never see bytes behind a gap.
  if (arrives >= outgoing_->breaks) return;
  outgoing_->chunks.push_back({arrives, {bytes.begin(), bytes.end()}});
  outgoing_->bytes_inside += bytes.size();
  wake_reader_at(arrives);
}

void SimulatedStream::finish() {
  if (outgoing_->ends < far_future) return;
  outgoing_->ends = arrival();
  wake_reader_at(outgoing_->ends);
}

void SimulatedStream::abort() {
  const Instant arrives = arrival();
  outgoing_->chunks.clear();
  for (const PipePointer& pipe : {incoming_, outgoing_}) {
    pipe->breaks = std::min(pipe->breaks, arrives);
    backend_.open_at(arrives, {pipe, &pipe->reader});
    backend_.open_at(arrives, {pipe, &pipe->writer});
  }
}

bool SimulatedStream::usable() {
  return !incoming_->is_readable(backend_.now()) && !outgoing_->is_broken(backend_.now());
}

class SimulatedListener final : public Listener {
 public:
  SimulatedListener(SimulatedBackend& backend, std::unique_ptr<ListenerState> state,
                    bool is_pausable)
      : backend_(backend), state_(std::move(state)), is_pausable_(is_pausable) {}
  ~SimulatedListener() override { backend_.unlisten(state_->at); }

  Result<std::unique_ptr<Stream>> accept(Fiber& self, Instant deadline) override;
  Result<> pause() override {
    if (!is_pausable_)
      return fail(ErrorCode::unsupported, "this listener was not made to be paused");
    state_->is_paused = true;
    for (const ListenerState::Arrival& arrival : state_->arrivals) arrival.stream->abort();
    state_->arrivals.clear();
    return {};
  }
  Result<> resume() override {
    state_->is_paused = false;
    return {};
  }
  Endpoint local() const override { return state_->at; }

 private:
  SimulatedBackend& backend_;
  std::unique_ptr<ListenerState> state_;
  bool is_pausable_;
};

Result<std::unique_ptr<Stream>> SimulatedListener::accept(Fiber& self, Instant deadline) {
  for (;;) {
    auto& arrivals = state_->arrivals;
    const auto first = std::ranges::find_if(
        arrivals, [&](const auto& arrival) { return arrival.arrives <= backend_.now(); });
    if (first != arrivals.end()) {
      std::unique_ptr<Stream> stream = std::move(first->stream);
      arrivals.erase(first);
      return stream;
    }
    const Woken woken = state_->gate->wait(FiberImpl::of(self), deadline, "accept");
    const bool is_late = std::ranges::none_of(
        arrivals, [&](const auto& arrival) { return arrival.arrives <= backend_.now(); });
    if (woken != Woken::by_event && is_late) return wait_error(woken, "accept");
  }
}

Duration SimulatedBackend::delay() {
  if (network_.one_way_delay_max <= network_.one_way_delay_min) return network_.one_way_delay_min;
  return prng_.between(network_.one_way_delay_min, network_.one_way_delay_max);
}

void SimulatedBackend::open_at(Instant at, std::shared_ptr<SimulatedGate> gate) {
  events_.push({at, sequence_++, std::move(gate)});
}

WallTime SimulatedBackend::wall() const {
  const Duration jump = now_ >= wall_jump_.at ? wall_jump_.by : Duration::zero();
  return WallTime{year_2000_unix_ns + (now_.time_since_epoch() + jump).count()};
}

void SimulatedBackend::lose_core() {
  while (now_ >= core_loss_.at) {
    now_ = std::max(now_, core_loss_.at + core_loss_.lasts);
    core_loss_.at =
        core_loss_.every > Duration::zero() ? core_loss_.at + core_loss_.every : far_future;
  }
}

PollOutcome SimulatedBackend::poll(Instant until) {
  if (events_.empty() && until == far_future) return PollOutcome::idle;
  const Instant next = events_.empty() ? until : std::min(until, events_.top().at);
  now_ = std::max(now_, next);
  lose_core();
  while (!events_.empty() && events_.top().at <= now_) {
    events_.top().gate->open();
    events_.pop();
  }
  return PollOutcome::looked;
}

ListenerState* SimulatedBackend::find(const Endpoint& to) const {
  const auto exact = std::ranges::find(listeners_, to, &ListenerState::at);
  if (exact != listeners_.end()) return *exact;
  for (ListenerState* const state : listeners_) {
    const std::string ip = state->at.ip();
    if (state->at.port() == to.port() &&
        (ip == "::" || (ip == "0.0.0.0" && to.family() == AF_INET)))
      return state;
  }
  return nullptr;
}

std::uint16_t SimulatedBackend::next_port() {
  last_port_ =
      last_port_ == last_own_port ? first_own_port : static_cast<std::uint16_t>(last_port_ + 1);
  return last_port_;
}

Endpoint SimulatedBackend::source_of(const ConnectOptions& options) {
  if (options.to.family() == AF_UNIX) return Endpoint();
  Endpoint source = options.from.value_or(Endpoint::loopback(0));
  return source.port() != 0 ? source : source.with_port(next_port());
}

Result<> SimulatedBackend::pass_time(Fiber& self, Instant until, const ConnectOptions& options,
                                     Instant deadline) {
  while (now_ < until) {
    const Woken woken = FiberImpl::of(self).wait(std::min(until, deadline), "connect");
    if (woken == Woken::by_cancel || (woken == Woken::by_deadline && now_ < until))
      return connect_interrupted(options, wait_error(woken, "connect").error().code);
  }
  return {};
}

Result<std::unique_ptr<Stream>> SimulatedBackend::connect(Fiber& self,
                                                          const ConnectOptions& options,
                                                          Instant deadline) {
  for (;;) {
    const Instant reaches = now_ + delay();
    const Instant answered = reaches + delay();
    ListenerState* const listener = find(options.to);
    const bool is_lost = happens(network_.loss_probability) ||
                         (listener != nullptr && listener->arrivals.size() >= listener->backlog);
    if (is_lost) {
      TRY(pass_time(self, now_ + syn_timeout, options, deadline));
      continue;
    }
    if (listener == nullptr || listener->is_paused) {
      TRY(pass_time(self, answered, options, deadline));
      return fail(ErrorCode::refused, "connect to " + options.to.text() + ": nobody listens there");
    }
    // shared_ptr: see PipePointer.
    const auto there = std::make_shared<SimulatedPipe>();
    const auto back = std::make_shared<SimulatedPipe>();
    auto ours = std::make_unique<SimulatedStream>(*this, back, there);
    auto theirs = std::make_unique<SimulatedStream>(*this, there, back);
    const Endpoint source = source_of(options);
    ours->name(source, options.to);
    theirs->name(options.to, source);
    listener->arrivals.push_back({reaches, std::move(theirs)});
    open_at(reaches, listener->gate);
    TRY(pass_time(self, answered, options, deadline));
    return ours;
  }
}

Result<std::unique_ptr<Listener>> SimulatedBackend::listen(const ListenOptions& options) {
  auto state = std::make_unique<ListenerState>();
  state->at = options.at;
  state->backlog = static_cast<std::size_t>(std::max(options.backlog, 1));
  if (options.at.family() == AF_UNSPEC) return fail(ErrorCode::invalid, "no address was given");
  if (options.at.family() != AF_UNIX && options.at.port() == 0)
    state->at = options.at.with_port(next_port());
  if (std::ranges::find(listeners_, state->at, &ListenerState::at) != listeners_.end())
    return fail(ErrorCode::io, "listen at " + state->at.text() + ": the address is in use");
  listeners_.push_back(state.get());
  return std::make_unique<SimulatedListener>(*this, std::move(state), options.pausable);
}

}  // namespace

std::unique_ptr<Backend> make_simulated_backend(const LoopOptions& options) {
  return std::make_unique<SimulatedBackend>(options);
}

}  // namespace brunt
