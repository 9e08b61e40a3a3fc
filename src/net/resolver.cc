#include "net/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/assert.h"
#include "base/text.h"
#include "net/dns_lookup.h"
#include "net/host_pattern.h"

namespace brunt {
namespace {

// What one lookup gave, kept until it expires.
struct Entry {
  std::vector<Endpoint> addresses;
  std::optional<Error> failure;
  Instant expires;              // Good before this; the epoch: never looked up.
  std::uint64_t answers = 0;    // How many lookups have ended.
  std::size_t next = 0;         // For round robin.
  std::vector<Fiber*> waiting;  // For the fiber that looks up.
  enum class Lookup : std::uint8_t { idle, running } lookup = Lookup::idle;
};

bool is_localhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

Instant after(Instant now, Duration duration) {
  return duration > far_future - now ? far_future : now + duration;
}

// Puts the wanted family in front and drops the unwanted one; gives how many are in front.
std::size_t arrange(std::vector<Endpoint>& addresses, DnsPolicy policy) {
  if (policy == DnsPolicy::any) return addresses.size();
  const int wanted =
      policy == DnsPolicy::prefer_ipv6 || policy == DnsPolicy::only_ipv6 ? AF_INET6 : AF_INET;
  const auto end = std::stable_partition(
      addresses.begin(), addresses.end(),
      [wanted](const Endpoint& address) { return address.family() == wanted; });
  const auto in_front = static_cast<std::size_t>(end - addresses.begin());
  if (policy == DnsPolicy::only_ipv4 || policy == DnsPolicy::only_ipv6)
    addresses.erase(end, addresses.end());
  return in_front == 0 ? addresses.size() : in_front;
}

}  // namespace

struct Resolver::State {
  State(Loop& loop_in, ResolverOptions options_in)
      : loop(loop_in), options(std::move(options_in)) {}

  Loop& loop;
  ResolverOptions options;
  std::unordered_map<std::string, Entry> entries;
  std::deque<std::string> order;  // Of the entries, oldest first.
  std::size_t table_next = 0;     // Round robin over what the host table gives.

  const HostEntry* in_table(std::string_view name) const;
  Result<std::vector<Endpoint>> from_table(const HostEntry& host, std::string_view name) const;
  Result<std::vector<Endpoint>> find(Fiber& self, const std::string& name, Instant deadline);
  Entry& entry_of(const std::string& name);
  Result<> lead(Fiber& self, const std::string& name, Instant deadline);
  Result<> follow(Fiber& self, Entry& entry, Instant deadline);
  Result<std::vector<Endpoint>> pick(std::vector<Endpoint> addresses, std::string_view name,
                                     std::size_t& next);
};

const HostEntry* Resolver::State::in_table(std::string_view name) const {
  for (const HostEntry& host : options.hosts)
    if (host_fits(host.name, name)) return &host;
  return nullptr;
}

Result<std::vector<Endpoint>> Resolver::State::from_table(const HostEntry& host,
                                                          std::string_view name) const {
  std::vector<Endpoint> addresses;
  for (const std::string& text : host.addresses) {
    const Result<Endpoint> address = Endpoint::from_ip(text, 0);
    if (!address)
      return fail(ErrorCode::dns, fmt::format("cannot resolve \"{}\": the host table gives \"{}\", "
                                              "which is no address",
                                              name, text));
    addresses.push_back(*address);
  }
  if (addresses.empty())
    return fail(ErrorCode::dns,
                fmt::format("cannot resolve \"{}\": the host table gives it no address", name));
  return addresses;
}

Entry& Resolver::State::entry_of(const std::string& name) {
  const auto [at, fresh] = entries.try_emplace(name);
  if (!fresh) return at->second;
  order.push_back(name);
  // An entry that somebody waits for stays; there are never more of those than fibers.
  for (std::size_t tries = order.size(); order.size() > options.names_max && tries > 0; --tries) {
    std::string oldest = std::move(order.front());
    order.pop_front();
    const auto found = entries.find(oldest);
    ASSERT(found != entries.end());
    if (found->second.lookup == Entry::Lookup::running || found->second.waiting.size() > 0 ||
        oldest == name) {
      order.push_back(std::move(oldest));
    } else {
      entries.erase(found);
    }
  }
  return entries.at(name);
}

// Looks the name up for everybody who wants it now. What ended because *our* deadline passed is no
// answer for the others: one of them leads next.
Result<> Resolver::State::lead(Fiber& self, const std::string& name, Instant deadline) {
  Entry& entry = entry_of(name);
  entry.lookup = Entry::Lookup::running;
  Result<std::vector<Endpoint>> found =
      look_up(self, {name, options.servers, options.attempt_timeout}, deadline);
  entry.lookup = Entry::Lookup::idle;
  for (Fiber* fiber : entry.waiting) fiber->wake();
  // RFC 6761: localhost is loopback, even on a machine whose /etc/hosts does not say so.
  if (!found && found.error().code == ErrorCode::dns && is_localhost(name))
    found = std::vector<Endpoint>{Endpoint::loopback(0)};
  if (!found && found.error().code != ErrorCode::dns) return std::unexpected(found.error());
  ++entry.answers;
  entry.failure.reset();
  entry.addresses.clear();
  if (found) {
    entry.addresses = *std::move(found);
    entry.expires = after(loop.now(), options.ttl);
  } else {
    entry.failure = std::move(found).error();
    entry.expires = after(loop.now(), std::min(options.ttl, options.failure_ttl));
  }
  return {};
}

Result<> Resolver::State::follow(Fiber& self, Entry& entry, Instant deadline) {
  entry.waiting.push_back(&self);
  const Result<> woken = self.park(deadline, "dns");
  std::erase(entry.waiting, &self);
  return woken;
}

Result<std::vector<Endpoint>> Resolver::State::pick(std::vector<Endpoint> addresses,
                                                    std::string_view name, std::size_t& next) {
  const std::size_t in_front = arrange(addresses, options.policy);
  if (addresses.empty())
    return fail(ErrorCode::dns, fmt::format("cannot resolve \"{}\": it has no address of the "
                                            "family that the policy wants",
                                            name));
  std::size_t chosen = 0;
  if (options.select == DnsSelect::round_robin) chosen = next++ % in_front;
  if (options.select == DnsSelect::random && in_front > 1)
    chosen = static_cast<std::size_t>(
        loop.prng().between(std::int64_t{0}, static_cast<std::int64_t>(in_front) - 1));
  std::rotate(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(chosen),
              addresses.begin() + static_cast<std::ptrdiff_t>(in_front));
  return addresses;
}

Result<std::vector<Endpoint>> Resolver::State::find(Fiber& self, const std::string& name,
                                                    Instant deadline) {
  if (loop.backend() == BackendKind::simulated) {
    if (is_localhost(name)) return std::vector<Endpoint>{Endpoint::loopback(0)};
    return fail(ErrorCode::dns,
                fmt::format("cannot resolve \"{}\": it is not in the host table, and the simulated "
                            "network has no other",
                            name));
  }
  const std::uint64_t answers_before = entry_of(name).answers;
  for (;;) {
    Entry& entry = entry_of(name);
    const bool fresh = entry.answers > 0 && loop.now() < entry.expires;
    // With a TTL of zero an answer is still good for those who waited for it.
    if (fresh || entry.answers > answers_before) {
      if (entry.failure) return std::unexpected(*entry.failure);
      return pick(entry.addresses, name, entry.next);
    }
    if (entry.lookup == Entry::Lookup::running) {
      TRY(follow(self, entry, deadline));
    } else {
      TRY(lead(self, name, deadline));
    }
  }
}

Resolver::Resolver(Loop& loop, ResolverOptions options)
    : state_(std::make_unique<State>(loop, std::move(options))) {}

Resolver::~Resolver() {
  for (const auto& [name, entry] : state_->entries)
    ASSERT(entry.lookup == Entry::Lookup::idle && entry.waiting.empty());
}

Result<std::vector<Endpoint>> Resolver::resolve(Fiber& self, HostPort target, Instant deadline) {
  if (const Result<Endpoint> numeric = Endpoint::from_ip(target.host, target.port))
    return std::vector<Endpoint>{*numeric};
  std::string name = to_lower(target.host);
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return fail(ErrorCode::dns, "cannot resolve a name that is empty");
  std::vector<Endpoint> addresses;
  if (const HostEntry* host = state_->in_table(name)) {
    addresses = TRY(state_->from_table(*host, name));
    addresses = TRY(state_->pick(std::move(addresses), name, state_->table_next));
  } else {
    addresses = TRY(state_->find(self, name, deadline));
  }
  for (Endpoint& address : addresses) address = address.with_port(target.port);
  return addresses;
}

void Resolver::forget() {
  std::erase_if(state_->entries, [](const auto& item) {
    return item.second.lookup == Entry::Lookup::idle && item.second.waiting.empty();
  });
  std::erase_if(state_->order,
                [this](const std::string& name) { return !state_->entries.contains(name); });
}

namespace {
template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

template <typename T, std::size_t N>
Result<T> choose(std::string_view what, std::string_view text, const Choice<T> (&choices)[N]) {
  std::string names;
  for (const Choice<T>& choice : choices) {
    if (equal_ignoring_case(choice.name, text)) return choice.value;
    names += (names.empty() ? "" : ", ") + std::string(choice.name);
  }
  return fail(ErrorCode::invalid, fmt::format("\"{}\" is no {}: one of {}", text, what, names));
}
}  // namespace

Result<DnsSelect> parse_dns_select(std::string_view text) {
  static constexpr Choice<DnsSelect> choices[] = {{"first", DnsSelect::first},
                                                  {"random", DnsSelect::random},
                                                  {"roundRobin", DnsSelect::round_robin}};
  return choose("DNS selection", text, choices);
}

Result<DnsPolicy> parse_dns_policy(std::string_view text) {
  static constexpr Choice<DnsPolicy> choices[] = {{"preferIPv4", DnsPolicy::prefer_ipv4},
                                                  {"preferIPv6", DnsPolicy::prefer_ipv6},
                                                  {"onlyIPv4", DnsPolicy::only_ipv4},
                                                  {"onlyIPv6", DnsPolicy::only_ipv6},
                                                  {"any", DnsPolicy::any}};
  return choose("DNS policy", text, choices);
}

}  // namespace brunt
