#include "run/links.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/command.h"

namespace brunt {

std::vector<Toxic> toxics_of(const LinkPlan& link) {
  std::vector<Toxic> toxics;
  if (link.bytes_a_second > 0)
    toxics.push_back({.name = "bandwidth",
                      .type = ToxicType::bandwidth,
                      .stream = ToxicStream::both,
                      .bytes_a_second = link.bytes_a_second});
  if (link.rtt > Duration::zero())
    toxics.push_back({.name = "rtt",
                      .type = ToxicType::latency,
                      .stream = ToxicStream::both,
                      .delay = link.rtt / 2,
                      .jitter = link.jitter / 2,
                      .shape = link.distribution == LinkPlan::Distribution::normal
                                   ? JitterShape::normal
                                   : JitterShape::uniform,
                      .handshake = true});
  return toxics;
}

std::uint32_t link_processes_needed(std::uint64_t connections, std::uint64_t descriptors_max) {
  // Half of the descriptors would be all connections that fit; the kernel does not deal them out
  // evenly.
  const std::uint64_t each = std::max<std::uint64_t>(descriptors_max / 5 * 2, 1);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>((connections + each - 1) / each, 1));
}

Result<std::unique_ptr<Links>> Links::start(Fiber& self, Dialer& dialer,
                                            const LinksOptions& options) {
  std::unique_ptr<Links> links(new Links);
  for (std::uint32_t i = 0; i < options.processes; ++i)
    TRY(links->start_lane(self, dialer, options));
  return links;
}

Result<> Links::start_lane(Fiber& self, Dialer& dialer, const LinksOptions& options) {
  const std::size_t number = lanes_.size() + 1;
  const std::string name = number == 1 ? "links" : fmt::format("links-{}", number);
  const std::string socket = "unix:" + (options.folder / (name + ".sock")).string();
  CommandOptions command{.name = name, .log_directory = options.logs};
  command.argv = {options.program.string(),
                  "tool",
                  "proxy",
                  "--control",
                  socket,
                  "--seed",
                  std::to_string(options.seed + number - 1)};
  if (options.processes > 1) command.argv.emplace_back("--share-port");
  for (const std::string& host : options.allow) {
    command.argv.emplace_back("--allow");
    command.argv.push_back(host);
  }
  command.ready = {.kind = ReadyKind::tcp, .what = socket};
  auto process = TRY(start_command(self, dialer, command));
  auto control = TRY(LinkControl::create(self.loop(), dialer, socket));
  lanes_.push_back({std::move(process), std::move(control)});
  return {};
}

Result<std::string> Links::open(Fiber& self, const LinkPlan& link, std::string_view upstream) {
  LinkOrder order{.name = link.name, .upstream = std::string(upstream), .toxics = toxics_of(link)};
  for (const Lane& lane : lanes_) order.listen = TRY(lane.control->open(self, order)).text();
  return order.listen;
}

Result<> Links::set(Fiber& self, std::string_view link, const Toxic& toxic) {
  for (const Lane& lane : lanes_) TRY(lane.control->set(self, link, toxic));
  return {};
}

Result<> Links::clear(Fiber& self, std::string_view link, std::string_view toxic_name) {
  for (const Lane& lane : lanes_) TRY(lane.control->clear(self, link, toxic_name));
  return {};
}

std::string Links::casualty() {
  for (const Lane& lane : lanes_)
    if (const auto status = lane.process->process().status())
      return fmt::format("the links' proxy {} while the run went on (log: {})", status->text(),
                         lane.process->facts().log.string());
  return "";
}

Result<> Links::stop(Fiber& self) {
  Result<> stopped;
  for (const Lane& lane : lanes_)
    if (auto one = lane.process->stop(self); !one && stopped)
      stopped = std::unexpected(std::move(one).error());
  return stopped;
}

}  // namespace brunt
