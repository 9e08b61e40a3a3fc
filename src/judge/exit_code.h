// What brunt's process ends with. k6's numbers, as people's CI depends on them, and one of ours.
//
// Source: k6, errext/exitcodes/codes.go.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace brunt {

enum class ExitCode : std::uint8_t {
  ok = 0,
  thresholds_failed = 99,
  setup_timeout = 100,
  teardown_timeout = 101,
  generic_timeout = 102,
  stopped_by_api = 103,
  invalid_config = 104,
  external_abort = 105,  // A signal.
  cannot_start_api = 106,
  script_exception = 107,
  script_aborted = 108,
  panic = 109,
  marked_failed = 110,
  not_valid = 120,  // Ours: the generator was the bottleneck. Outranks thresholds_failed.
  other = 255,
};

struct ExitCodeName {
  ExitCode code;
  std::string_view meaning;
};

// All of them, for --help and the reference.
inline constexpr std::array<ExitCodeName, 15> exit_codes = {{
    {ExitCode::ok, "the run ended and every expectation was met"},
    {ExitCode::thresholds_failed, "an expectation or threshold was not met"},
    {ExitCode::setup_timeout, "setup() took too long"},
    {ExitCode::teardown_timeout, "teardown() took too long"},
    {ExitCode::generic_timeout, "something else took too long"},
    {ExitCode::stopped_by_api, "stopped over the HTTP API"},
    {ExitCode::invalid_config, "the plan, the script's options or the command line cannot be used"},
    {ExitCode::external_abort, "interrupted by a signal"},
    {ExitCode::cannot_start_api, "the HTTP API could not be started"},
    {ExitCode::script_exception, "the script threw an exception outside an iteration"},
    {ExitCode::script_aborted, "the script called test.abort()"},
    {ExitCode::panic, "a bug in the program"},
    {ExitCode::marked_failed, "the script called test.fail()"},
    {ExitCode::not_valid, "not valid: the generator was the bottleneck"},
    {ExitCode::other, "anything else that went wrong: a missing file, a full disk"},
}};

constexpr int code_of(ExitCode code) {
  return static_cast<int>(code);
}

// What a code means; "" for a number that is none of ours.
constexpr std::string_view meaning_of(int code) {
  for (const ExitCodeName& known : exit_codes)
    if (code_of(known.code) == code) return known.meaning;
  return "";
}

}  // namespace brunt
