// The services of `brunt serve …`: each in its own serve_NAME.cc, each adds itself to the parser
// below `serve` and leaves what has to be done in `todo`, as verbs do.
#pragma once
#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace brunt {

void add_serve_echo(CLI::App& serve_verb, CommandLine& line);
void add_serve_messages(CLI::App& serve_verb, CommandLine& line);

}  // namespace brunt
