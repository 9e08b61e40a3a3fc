// The tools of `brunt tool …`: each in its own tool_NAME.cc, each adds itself to the parser below
// `tool` and leaves what has to be done in `todo`, as verbs do.
#pragma once
#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace brunt {

void add_doctor(CLI::App& tool, CommandLine& line);
void add_messages_client(CLI::App& tool, CommandLine& line);
void add_messages_verify(CLI::App& tool, CommandLine& line);
void add_proxy(CLI::App& tool, CommandLine& line);
void add_plot(CLI::App& tool, CommandLine& line);

}  // namespace brunt
