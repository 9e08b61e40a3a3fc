#include "fault/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"
#include "fault/proxy_connection.h"

namespace brunt {

using namespace std::chrono_literals;

Result<ProxyTarget> parse_proxy_target(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix)) {
    const std::string_view path = text.substr(unix_prefix.size());
    if (!path.starts_with('/'))
      return fail(ErrorCode::invalid,
                  fmt::format("\"{}\": a unix socket's path begins with '/'", text));
    return ProxyTarget{.host = std::string(path)};
  }
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? text.size() : colon);
  const auto port = colon == std::string_view::npos ? fail(ErrorCode::invalid, "")
                                                    : parse_integer(text.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!port || *port < 1 || *port > 65'535 || host.empty() ||
      host.find('/') != std::string_view::npos)
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is no address; give host:port or unix:/path", text));
  return ProxyTarget{.host = std::string(host), .port = static_cast<std::uint16_t>(*port)};
}

bool Proxy::State::befalls(const Toxic& toxic, std::uint64_t number) const {
  if (toxic.toxicity >= 1) return true;
  const std::uint64_t part = std::hash<std::string_view>()(toxic.full_name());
  return Prng(options.seed).split(part).split(number).uniform() < toxic.toxicity;
}

// Listens, or does not, as the toxics have it.
Result<> Proxy::State::settle_listener() {
  if (listener == nullptr) return {};
  const bool is_shut = !options.enabled || std::ranges::any_of(toxics, [](const Toxic& toxic) {
    return toxic.toxicity >= 1 &&
           (toxic.type == ToxicType::down || toxic.type == ToxicType::refuse);
  });
  return is_shut ? listener->pause() : listener->resume();
}

void Proxy::State::toxics_changed() {
  ++version;
  // Whoever ends leaves the list only when its fibers have run: none changes it here.
  for (ProxyConnection* const connection : connections) connection->look_again();
}

Proxy::Proxy(std::unique_ptr<State> state) : state_(std::move(state)) {}

Proxy::~Proxy() {
  ASSERT(state_->group == nullptr);
}

Result<std::unique_ptr<Proxy>> Proxy::open(Loop& loop, Dialer& dialer,
                                           const ProxyOptions& options) {
  auto state = std::make_unique<State>(loop, dialer, options);
  state->target = TRY(parse_proxy_target(options.upstream));
  const ListenOptions at{.at = options.listen, .reuse_port = options.share_port, .pausable = true};
  state->listener = TRY(options.road != nullptr ? options.road->listen(loop, at) : loop.listen(at));
  state->endpoint = state->listener->local();
  TRY(state->settle_listener());
  return std::unique_ptr<Proxy>(new Proxy(std::move(state)));
}

// Accepts one client, or refuses it.
void Proxy::State::take(std::unique_ptr<Stream> client) {
  stats.connections_accepted.add();
  const std::uint64_t number = connections_ever++;
  const bool is_refused = std::ranges::any_of(toxics, [&](const Toxic& toxic) {
    return (toxic.type == ToxicType::down || toxic.type == ToxicType::refuse) &&
           befalls(toxic, number);
  });
  if (is_refused || !options.enabled || connections.size() >= options.limits.connections_max) {
    stats.connections_refused.add();
    client->abort();
    return;
  }
  ProxyConnection::start(*this, std::move(client), number);
}

void Proxy::State::ran_out(const Error& error) {
  if (error.code != ErrorCode::exhausted) return;
  stats.ran_out.add();
  shortage = error.text;
}

void Proxy::serve(Fiber& self) {
  State& state = *state_;
  FiberGroup group(state.loop);
  const auto accept = [&](Fiber& acceptor) {
    state.acceptor = &acceptor;
    while (!state.stopping) {
      auto client = state.listener->accept(acceptor, far_future);
      if (!client && client.error().code == ErrorCode::cancelled) break;
      if (client)
        state.take(std::move(*client));
      else
        state.ran_out(client.error());  // The listener has paused for a moment.
    }
    state.acceptor = nullptr;
    state.stopping = true;
    for (ProxyConnection* const connection : state.connections) connection->end(PieceEnd::close);
  };
  state.group = &group;
  if (!state.stopping && group.spawn("proxy accept", accept)) static_cast<void>(group.join(self));
  state.group = nullptr;
  state.listener.reset();  // Who comes now is refused by the kernel.
}

void Proxy::stop() {
  state_->stopping = true;
  if (state_->acceptor != nullptr) state_->acceptor->cancel();
}

Result<> Proxy::set_enabled(bool enabled) {
  State& state = *state_;
  state.options.enabled = enabled;
  TRY(state.settle_listener());
  if (!enabled)
    for (ProxyConnection* const connection : state.connections) connection->end(PieceEnd::close);
  return {};
}

bool Proxy::enabled() const {
  return state_->options.enabled;
}

Result<> Proxy::set_toxic(Toxic toxic) {
  TRY(check_toxic(toxic));
  State& state = *state_;
  toxic.name = toxic.full_name();
  const auto found = std::ranges::find(state.toxics, toxic.name, &Toxic::name);
  if (found != state.toxics.end()) {
    *found = std::move(toxic);
  } else if (state.toxics.size() < state.options.limits.toxics_max) {
    state.toxics.push_back(std::move(toxic));
  } else {
    return fail(ErrorCode::exhausted,
                fmt::format("a proxy has at most {} toxics", state.options.limits.toxics_max));
  }
  state.toxics_changed();
  return state.settle_listener();
}

Result<> Proxy::remove_toxic(std::string_view name) {
  State& state = *state_;
  if (std::erase_if(state.toxics, [&](const Toxic& toxic) { return toxic.name == name; }) == 0)
    return fail(ErrorCode::not_found, fmt::format("toxic \"{}\" not found", name));
  state.toxics_changed();
  return state.settle_listener();
}

Result<> Proxy::remove_toxics() {
  if (state_->toxics.empty()) return {};
  state_->toxics.clear();
  state_->toxics_changed();
  return state_->settle_listener();
}

const std::vector<Toxic>& Proxy::toxics() const {
  return state_->toxics;
}

const Toxic* Proxy::find_toxic(std::string_view name) const {
  const auto found = std::ranges::find(state_->toxics, name, &Toxic::name);
  return found == state_->toxics.end() ? nullptr : &*found;
}

Result<> Proxy::set_upstream(std::string_view upstream) {
  state_->target = TRY(parse_proxy_target(upstream));
  state_->options.upstream = upstream;
  return {};
}

const std::string& Proxy::name() const {
  return state_->options.name;
}
const std::string& Proxy::upstream() const {
  return state_->options.upstream;
}
Endpoint Proxy::endpoint() const {
  return state_->endpoint;
}
const ProxyStats& Proxy::stats() const {
  return state_->stats;
}
const std::string& Proxy::shortage() const {
  return state_->shortage;
}

}  // namespace brunt
