// k6's options that are plain values, as flags and as variables of the environment: one table for
// both.
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace brunt {

// What was given, as text, by k6's name of the option.
using ScriptOptionTexts = std::map<std::string, std::vector<std::string>>;

void add_script_options(CLI::App& verb, ScriptOptionTexts& texts, const char* group);
// As words of a command line.
std::vector<std::string> words_of(const ScriptOptionTexts& texts);

// As k6's options. Errors: invalid, naming the flag or the variable.
Result<Json> script_options_of(const ScriptOptionTexts& texts);
Result<Json> script_options_of_environment(const std::map<std::string, std::string>& environment);

// "30s:10,1m:0" of each text. Errors: invalid, naming `where`.
Result<Json> stages_of(std::string_view where, const std::vector<std::string>& texts);

}  // namespace brunt
