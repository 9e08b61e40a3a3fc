// The names that expressions may use, known when the plan is read: each name stands for exactly one
// thing. Adding a name twice, or one that brunt itself uses, is an error that says where the first
// one is.
//
// One table for the plan (vars, services, data sets) and one inside it for each scenario (captures,
// loop variables). Lookups go outwards.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/position.h"

namespace brunt {

// What `${service.member}` may name. Not every service has each: sqlite has no port.
inline constexpr std::array<std::string_view, 9> service_members = {
    "url",      // http://host:port, postgres://..., sqlite:/path
    "address",  // host:port
    "host",     "port",
    "path",  // The file of an embedded store, or the output of the message server.
    "user",     "password",
    "database", "metrics"};  // http://host:port/metrics of a built-in service.

// Where Scope::members holds member `member` (an index of service_members) of service `service`
// (an index of Plan::services).
constexpr std::size_t member_slot(std::size_t service, std::size_t member) {
  return service * service_members.size() + member;
}

struct ConstantSymbol {
  Json value;  // A var of the plan.
};
struct SlotSymbol {
  std::uint32_t slot;  // Index into Scope::slots: a capture or a loop variable.
};
struct DataSymbol {
  std::uint32_t set;                 // Index into Scope::rows.
  std::vector<std::string> columns;  // Their order is that of the cells.
};
struct ServiceSymbol {
  std::uint32_t service;  // Index into Plan::services.
};
struct ReplySymbol {};  // `response`, where there is one: in checks.
struct EnvironmentSymbol {
  std::map<std::string, std::string, std::less<>> values;  // `env`: env.NAME is a constant.
};
using Symbol = std::variant<ConstantSymbol, SlotSymbol, DataSymbol, ServiceSymbol, ReplySymbol,
                            EnvironmentSymbol>;

class NameTable {
 public:
  // `outer` must outlive this one.
  explicit NameTable(const NameTable* outer = nullptr) : outer_(outer) {}

  // `what` says in an error text what the name is: "capture", "service".
  // Errors: invalid: the name is taken (says by what, and on which line) or is no identifier.
  Result<> add(std::string_view name, Symbol symbol, std::string_view what, Position at);

  // A name that is there only for a block of steps, such as a loop's variable, goes again.
  void remove(std::string_view name);

  const Symbol* find(std::string_view name) const;

  // Everything that could have been meant, for "did you mean".
  std::vector<std::string_view> all() const;

 private:
  struct Entry {
    std::string name;
    Symbol symbol;
    std::string what;
    Position at;
  };
  const Entry* find_entry(std::string_view name) const;

  const NameTable* outer_;
  std::deque<Entry> entries_;
};

// Letters, digits and _, not starting with a digit.
bool is_identifier(std::string_view text);

}  // namespace brunt
