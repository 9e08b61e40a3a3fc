#include "run/links.h"

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

Result<std::unique_ptr<Links>> Links::start(Fiber& self, Dialer& dialer,
                                            const LinksOptions& options) {
  const std::string socket = "unix:" + (options.folder / "links.sock").string();
  CommandOptions command{.name = "links", .log_directory = options.logs};
  command.argv = {options.program.string(),    "tool", "proxy", "--control", socket, "--seed",
                  std::to_string(options.seed)};
  for (const std::string& host : options.allow) {
    command.argv.emplace_back("--allow");
    command.argv.push_back(host);
  }
  command.ready = {.kind = ReadyKind::tcp, .what = socket};
  auto process = TRY(start_command(self, dialer, command));
  auto control = TRY(LinkControl::create(self.loop(), dialer, socket));
  return std::unique_ptr<Links>(new Links(std::move(process), std::move(control)));
}

Result<std::string> Links::open(Fiber& self, const LinkPlan& link, std::string_view upstream) {
  const Endpoint at = TRY(control_->open(
      self, {.name = link.name, .upstream = std::string(upstream), .toxics = toxics_of(link)}));
  return at.text();
}

}  // namespace brunt
