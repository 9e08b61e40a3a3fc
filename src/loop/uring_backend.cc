#include "loop/backend.h"
namespace brunt {
Result<std::unique_ptr<Backend>> make_uring_backend(Mailbox&) {
  return fail(ErrorCode::unsupported, "io_uring is not in this build yet");
}
}  // namespace brunt
