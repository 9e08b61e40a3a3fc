// The fork and exec behind net/subprocess.h, whose part this is.
#pragma once
#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "net/orphan_guard.h"
#include "net/owned_descriptor.h"
#include "net/subprocess.h"

namespace brunt {

struct Spawned {
  pid_t pid = 0;
  OwnedDescriptor output;  // Our end of the pipe, non-blocking; none without ProcessOutput::pipe.
  OrphanGuard guard;       // When we die, it kills the group; with Orphans::killed only.
};

// Returns when the program has been executed, or has failed to.
Result<Spawned> spawn_process(const ProcessOptions& options);

}  // namespace brunt
