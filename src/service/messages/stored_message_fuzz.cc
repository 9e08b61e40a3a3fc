// Any bytes as an output: read to the end, and what is intact is found behind what is not.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "service/messages/fake_disk.h"
#include "service/messages/message_verifier.h"
#include "service/messages/stored_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brunt;
  RecordBuffer bytes;
  if (size > 0) std::memcpy(bytes.grow(size), data, size);
  append_stored(bytes, {.client = 7, .sequence = 1, .received_unix_ns = 1, .payload = {}});
  FakeDisk disk(1);
  auto file = disk.folder("f")->open("all", FolderOpen::create);
  if (!file || !(*file)->write(0, bytes.view())) __builtin_trap();
  const auto report = verify_messages(**file, {});
  if (!report || report->bytes != size + stored_record_head_bytes) __builtin_trap();
  // A record at the end is found, unless the bytes before happen to be one that contains it.
  if (report->messages == 0) __builtin_trap();
  if (describe(*report).empty() || to_json(*report).empty()) __builtin_trap();
  return 0;
}
