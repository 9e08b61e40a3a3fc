// Secrets of a script: where they come from, and keeping them out of what people read.
//
//   settings.secrets.push_back(TRY(parse_secret_source("file=shop.secrets", environment)));
//   watcher.script_said(redacted(bundle, text));
//
// For this layer and the command line.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/script_bundle.h"

namespace brunt {

// As k6's --secret-source:
//   file=PATH              NAME=VALUE a line; also file=filename=PATH,name=shop,default
//   mock=NAME=VALUE,...    for trying; also with name=... and default
//   env=PREFIX             the variables that begin with it, by the rest of their names; also
//                          env=prefix=PREFIX,name=...,default
// Errors: those of read_file(); invalid: written differently; unsupported: another kind.
Result<ScriptSecretSource> parse_secret_source(
    std::string_view text, const std::map<std::string, std::string>& environment);

// The text with every secret's value put as ***SECRET_REDACTED***.
std::string redacted(const ScriptBundle& bundle, std::string_view text);

}  // namespace brunt
