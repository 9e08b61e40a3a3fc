// The verbs of the command line: each adds itself to the parser and leaves what has to be done in
// `todo`.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace brunt {

// What every verb may need from main.
struct CommandLine {
  std::filesystem::path program;       // This very program.
  std::vector<std::string> arguments;  // Without the program.
  std::function<int()> todo;           // Set by the verb that was chosen; gives the exit code.
};

void add_run(CLI::App& app, CommandLine& line);
void add_archive(CLI::App& app, CommandLine& line);
void add_control(CLI::App& app, CommandLine& line);  // pause, resume, scale, status, stats.
void add_check(CLI::App& app, CommandLine& line);
void add_inspect(CLI::App& app, CommandLine& line);
void add_rehearse(CLI::App& app, CommandLine& line);
void add_list(CLI::App& app, CommandLine& line);
void add_report(CLI::App& app, CommandLine& line);
void add_generator(CLI::App& app, CommandLine& line);
void add_serve(CLI::App& app, CommandLine& line);
void add_tool(CLI::App& app, CommandLine& line);

}  // namespace brunt
