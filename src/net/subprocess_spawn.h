// The fork and exec behind net/subprocess.h, whose part this is.
#pragma once
#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "net/owned_descriptor.h"
#include "net/subprocess.h"

namespace brunt {

struct Spawned {
  pid_t pid = 0;
  OwnedDescriptor output;  // Our end of the pipe, non-blocking; none without ProcessOutput::pipe.
  pid_t guard = 0;         // The guard's pid; 0: none.
  OwnedDescriptor guard_leash;  // When the last copy of it is closed, the guard kills the group.
};

// Returns when the program has been executed, or has failed to.
Result<Spawned> spawn_process(const ProcessOptions& options);

// Ends the guard without letting it kill anybody.
void dismiss_guard(Spawned& spawned);

}  // namespace brunt
