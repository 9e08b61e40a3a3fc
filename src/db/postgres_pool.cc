#include <algorithm>
#include <deque>

#include "base/assert.h"
#include "db/postgres.h"

namespace brunt {

struct PostgresPool::State {
  PostgresPoolOptions options;
  std::vector<std::unique_ptr<PostgresConnection>> idle;
  std::size_t open = 0;  // Idle, lent, and being connected.
  std::deque<Fiber*> waiting;
  Instant next_try{};
  std::optional<Error> last_error;

  void wake_one() {
    if (waiting.empty()) return;
    waiting.front()->wake();
    waiting.pop_front();
  }
};

PostgresPool::PostgresPool(PostgresPoolOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

PostgresPool::~PostgresPool() {
  ASSERT(state_->open == state_->idle.size());
}

PostgresPool::Lease::~Lease() {
  if (connection_ != nullptr) pool_.give_back(std::move(connection_));
}

void PostgresPool::give_back(std::unique_ptr<PostgresConnection> connection) {
  if (connection->usable()) {
    state_->idle.push_back(std::move(connection));
  } else {
    --state_->open;
  }
  state_->wake_one();
}

Result<PostgresPool::Lease> PostgresPool::acquire(Fiber& self, Instant deadline) {
  State& state = *state_;
  for (;;) {
    while (!state.idle.empty()) {
      std::unique_ptr<PostgresConnection> connection = std::move(state.idle.back());
      state.idle.pop_back();
      if (connection->usable()) return Lease(*this, std::move(connection));
      --state.open;
    }
    if (state.open < state.options.connections_max) {
      if (state.last_error && self.now() < state.next_try)
        return std::unexpected(*state.last_error);
      ++state.open;
      PostgresOptions options = state.options.connection;
      options.connect_timeout = std::min(options.connect_timeout, deadline - self.now());
      auto connection = PostgresConnection::connect(self, options);
      if (connection) {
        state.last_error.reset();
        return Lease(*this, std::move(*connection));
      }
      --state.open;
      if (connection.error().code != ErrorCode::cancelled) {
        state.last_error = connection.error();
        state.next_try = self.now() + state.options.reconnect_pause;
      }
      state.wake_one();  // It gets the error too, or tries for itself.
      return std::unexpected(std::move(connection).error());
    }
    state.waiting.push_back(&self);
    const auto parked = self.park(deadline, "a PostgreSQL connection");
    const auto place = std::find(state.waiting.begin(), state.waiting.end(), &self);
    const bool was_woken = place == state.waiting.end();
    if (!was_woken) state.waiting.erase(place);
    if (!parked) {
      if (was_woken) state.wake_one();  // The connection was meant for us: pass it on.
      return std::unexpected(parked.error());
    }
  }
}

std::size_t PostgresPool::idle() const {
  return state_->idle.size();
}
std::size_t PostgresPool::open() const {
  return state_->open;
}

}  // namespace brunt
