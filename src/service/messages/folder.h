// Files of one folder, behind an interface, so that a test can stop a program after each operation
// on the disk and take the power away (service/messages/fake_disk.h).
//
//   auto folder = TRY(open_folder("/var/lib/brunt"));
//   auto file = TRY(folder->open("a", FolderOpen::create));
//   TRY(file->write(0, bytes));
//   TRY(file->sync());
//   TRY(folder->sync());                  // Its name is durable too.
//
// Everything blocks. Errors: exhausted (the disk is full, no descriptors), denied, not_found, io;
// the text names the path.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace brunt {

class FolderFile {
 public:
  virtual ~FolderFile() = default;  // Closes.

  virtual Result<std::uint64_t> size() = 0;
  // Fewer bytes than asked for only at the file's end.
  virtual Result<std::size_t> read(std::uint64_t at, std::span<std::byte> into) = 0;
  // All of it, or an error; a part may have been written then.
  virtual Result<> write(std::uint64_t at, ByteView bytes) = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  // The file's content is on the disk after it. An error means that nobody knows what is: what was
  // written since the last sync() has to be written again, into another file.
  virtual Result<> sync() = 0;
  // Nobody reads soon what lies before `end`: begins to write it to the disk, and gives back the
  // memory that holds what earlier calls named. New pages cost several times what used ones do.
  virtual Result<> settle(std::uint64_t end) = 0;
};

enum class FolderOpen : std::uint8_t { existing, create, to_read };

class Folder {
 public:
  virtual ~Folder() = default;

  // `create`: also where it exists; it is not emptied. `to_read`: needs no right to write.
  virtual Result<std::unique_ptr<FolderFile>> open(const std::string& name, FolderOpen how) = 0;
  virtual Result<std::vector<std::string>> names() = 0;  // Of files, in no order.
  virtual Result<> remove(const std::string& name) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<> sync() = 0;  // The names are on the disk after it.
};

// A folder of the file system, which must exist.
Result<std::unique_ptr<Folder>> open_folder(const std::string& path);

}  // namespace brunt
