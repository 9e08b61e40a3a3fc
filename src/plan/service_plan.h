// What a plan says about its services: what takes part in the run, before anything is started.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "plan/expression.h"
#include "plan/position.h"
#include "plan/steps.h"

namespace brunt {

// An option under `with:`, for the service to understand. Nested options have dotted names.
struct ServiceOption {
  Position at;
  std::string name;
  Template value;
};

struct BuiltinService {
  std::string name;  // iot
  std::vector<ServiceOption> with;
};
struct EngineService {
  std::string name;  // postgres, sqlite: the latter an embedded store without a process.
  std::vector<ServiceOption> with;
};
struct CommandService {
  std::vector<Template> arguments;  // Program and arguments; of a shell line: sh -c LINE.
  std::vector<NamedTemplate> environment;
  Template directory;  // "" is the plan file's.
  Template address;    // Where it will listen, host:port or a URL; "" if nothing connects to it.
};
struct AddressService {
  Template address;  // host:port or a URL of something that runs already.
};

struct ReadyCheck {
  enum class Kind : std::uint8_t { tcp, http, log };
  Kind kind = Kind::tcp;
  Template what;  // tcp: host:port; http: a URL that must give 2xx; log: a text in its output.
  Duration timeout = std::chrono::seconds(30);
};

struct ServicePlan {
  std::string name;
  Position at;
  std::variant<BuiltinService, EngineService, CommandService, AddressService> kind;
  // None: a builtin or engine knows by itself; a command with an address is ready when it accepts.
  std::optional<ReadyCheck> ready;
};

}  // namespace brunt
