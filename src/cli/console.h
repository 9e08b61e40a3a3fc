// What verbs say to people, and how a verb gets a loop to work on.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"
#include "loop/loop.h"
#include "net/signals.h"

namespace brunt {

// `brunt: TEXT` on standard error, with each further line below it.
void complain(std::string_view text);

// All of it to standard output; false if that failed (a closed pipe, a full disk), which is then
// told.
bool print(std::string_view text);

// k6's exit code for an error that kept a run from beginning.
int exit_code_of(const Error& error);

// Makes a loop, runs `body` on a fiber of it with Ctrl-C as `signals`, and gives its exit code.
// Epoll by default: the conductor's loop waits for descriptors of processes, not for load.
int run_on_loop(const std::function<int(Fiber&, Signals&)>& body,
                BackendKind backend = BackendKind::epoll);

}  // namespace brunt
