#include "fault/proxy_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/assert.h"

namespace brunt {
namespace {

std::unexpected<Error> no_proxy(std::string_view name) {
  return fail(ErrorCode::not_found, fmt::format("proxy \"{}\" not found", name));
}

}  // namespace

Result<Endpoint> parse_listen_address(std::string_view text) {
  constexpr std::string_view localhost = "localhost:";
  std::string numeric(text);
  if (text.starts_with(localhost))
    numeric = fmt::format("127.0.0.1:{}", text.substr(localhost.size()));
  if (text.starts_with(':')) numeric = fmt::format("0.0.0.0{}", text);
  auto endpoint = Endpoint::parse(numeric);
  if (endpoint) return endpoint;
  return fail(
      ErrorCode::invalid,
      fmt::format("\"{}\" is nowhere to listen; give ADDRESS:PORT (localhost, or an address "
                  "in figures), or unix:/path",
                  text));
}

ProxySet::ProxySet(Loop& loop, Dialer& dialer, const ProxySetOptions& options)
    : loop_(loop), dialer_(dialer), options_(options) {}

ProxySet::~ProxySet() {
  ASSERT(entries_.empty());
}

std::vector<ProxySet::Entry>::iterator ProxySet::place_of(std::string_view name) {
  return std::ranges::find_if(entries_,
                              [&](const Entry& entry) { return entry.proxy->name() == name; });
}

Result<Proxy*> ProxySet::create(ProxyOptions options) {
  if (options.name.empty()) return fail(ErrorCode::invalid, "name: missing required field");
  if (find(options.name) != nullptr)
    return fail(ErrorCode::denied, fmt::format("proxy \"{}\" already exists", options.name));
  if (entries_.size() >= options_.proxies_max)
    return fail(ErrorCode::exhausted, fmt::format("at most {} proxies", options_.proxies_max));
  const std::uint64_t part = std::hash<std::string_view>()(options.name);
  options.seed = Prng(options_.seed).split(part).next();
  options.share_port = options_.share_ports;
  Entry entry{.proxy = TRY(Proxy::open(loop_, dialer_, options)),
              .fibers = std::make_unique<FiberGroup>(loop_)};
  Proxy* const proxy = entry.proxy.get();
  TRY(entry.fibers->spawn("proxy", [proxy](Fiber& fiber) { proxy->serve(fiber); }));
  entries_.push_back(std::move(entry));
  return proxy;
}

Proxy* ProxySet::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.proxy->name() == name; });
  return found == entries_.end() ? nullptr : found->proxy.get();
}

std::vector<Proxy*> ProxySet::all() const {
  std::vector<Proxy*> proxies;
  proxies.reserve(entries_.size());
  for (const Entry& entry : entries_) proxies.push_back(entry.proxy.get());
  return proxies;
}

Result<> ProxySet::remove(Fiber& self, std::string_view name) {
  const auto place = place_of(name);
  if (place == entries_.end()) return no_proxy(name);
  // Out of the list first: who asks while we wait finds it gone.
  Entry entry = std::move(*place);
  entries_.erase(place);
  entry.proxy->stop();
  entry.fibers->cancel();
  (void)entry.fibers->join(self);
  return {};
}

Result<Proxy*> ProxySet::replace(Fiber& self, ProxyOptions options) {
  const Proxy* const before = find(options.name);
  if (before == nullptr) return no_proxy(options.name);
  const std::vector<Toxic> toxics = before->toxics();
  TRY(remove(self, options.name));
  Proxy* const proxy = TRY(create(std::move(options)));
  for (const Toxic& toxic : toxics) TRY(proxy->set_toxic(toxic));
  return proxy;
}

Result<> ProxySet::reset() {
  for (const Entry& entry : entries_) {
    TRY(entry.proxy->remove_toxics());
    TRY(entry.proxy->set_enabled(true));
  }
  return {};
}

void ProxySet::stop(Fiber& self) {
  for (const Entry& entry : entries_) entry.proxy->stop();
  while (!entries_.empty()) {
    const std::string name = entries_.back().proxy->name();
    (void)remove(self, name);
  }
}

Result<> ProxySet::set(Fiber& /*self*/, std::string_view link, const Toxic& toxic) {
  Proxy* const proxy = find(link);
  if (proxy == nullptr) return no_proxy(link);
  return proxy->set_toxic(toxic);
}

Result<> ProxySet::clear(Fiber& /*self*/, std::string_view link, std::string_view toxic_name) {
  Proxy* const proxy = find(link);
  if (proxy == nullptr) return no_proxy(link);
  if (proxy->find_toxic(toxic_name) == nullptr) return {};
  return proxy->remove_toxic(toxic_name);
}

}  // namespace brunt
