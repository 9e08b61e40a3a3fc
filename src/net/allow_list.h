// Which addresses may be loaded. Loopback always; anything else only when the plan's `allow:` or
// `--allow` names it, so that nobody attacks a stranger by a typo. Pure: no I/O.
//
// A rule is a name (`shop.test`, `*.shop.test`), an address, a CIDR block (`10.0.0.0/8`), or one of
// these with a port (`shop.test:443`, `[fd00::/8]:80`). An address is judged as resolved: a
// stranger's name that points into an allowed block may be loaded, `localhost.evil.test` that
// points elsewhere not.
//
//   const AllowList allow = TRY(AllowList::parse({.allow = {"10.0.0.0/8"}}));
//   TRY(allow.check("shop.test", address));
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"

namespace brunt {

struct AllowRules {
  std::vector<std::string> allow;
  std::vector<std::string>
      block;  // Wins over `allow` and over loopback: k6's blacklistIPs, blockHostnames.
};

class AllowList {
 public:
  AllowList() = default;  // Loopback only.

  // Errors: invalid (the rule, and how one looks).
  static Result<AllowList> parse(const AllowRules& rules);
  // For the simulated network, where nobody can be hurt.
  static AllowList everything();

  // Whether `host`, as the plan wrote it, may be loaded at `address`, where it was found. Errors:
  // denied, saying how to allow it.
  Result<> check(std::string_view host, const Endpoint& address) const;
  // Whether `host` may be loaded wherever it is: by the blocked names that say no port. Errors:
  // denied.
  Result<> check_name(std::string_view host) const;

 private:
  struct Rule {
    std::string name;  // Lower case; empty: the rule is a block of addresses.
    Endpoint base;
    std::uint8_t prefix_bits = 0;
    std::uint16_t port = 0;  // 0: any.
  };
  static Result<Rule> parse_rule(std::string_view text);
  static std::unexpected<Error> blocked(std::string_view where, const Rule& by);
  static bool matches(const Rule& rule, std::string_view host, const Endpoint& address);

  std::vector<Rule> allow_;
  std::vector<Rule> block_;
  bool everything_ = false;
};

}  // namespace brunt
