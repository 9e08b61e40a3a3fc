#include "service/messages/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace brunt {
namespace {

class RealFile final : public FolderFile {
 public:
  RealFile(int number, std::string path) : number_(number), path_(std::move(path)) {}
  ~RealFile() override { ::close(number_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(number_, &status) != 0) return failed("look at");
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<std::size_t> read(std::uint64_t at, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got =
          ::pread(number_, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<> write(std::uint64_t at, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(number_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failed("write");
      at += static_cast<std::uint64_t>(put);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return {};
  }

  Result<> truncate(std::uint64_t size) override {
    if (::ftruncate(number_, static_cast<off_t>(size)) != 0) return failed("shorten");
    return {};
  }

  Result<> sync() override {
    if (::fdatasync(number_) != 0) return failed("flush");
    return {};
  }

  Result<> settle(std::uint64_t end) override {
    constexpr unsigned until_written =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    if (begun_ > settled_) {
      TRY(write_out(settled_, begun_, until_written));
      // Advice: where it is not taken the memory is used a little longer.
      ::posix_fadvise(number_, static_cast<off_t>(settled_), static_cast<off_t>(begun_ - settled_),
                      POSIX_FADV_DONTNEED);
      settled_ = begun_;
    }
    if (end > begun_) TRY(write_out(begun_, end, SYNC_FILE_RANGE_WRITE));
    begun_ = std::max(begun_, end);
    return {};
  }

 private:
  Result<> write_out(std::uint64_t from, std::uint64_t end, unsigned how) {
    const int failure =
        ::sync_file_range(number_, static_cast<off_t>(from), static_cast<off_t>(end - from), how);
    if (failure != 0) return failed("write out");
    return {};
  }

  std::unexpected<Error> failed(const char* what) const {
    const int number = errno;
    return std::unexpected(errno_error(std::string("cannot ") + what + " " + path_, number));
  }

  int number_;
  std::string path_;
  std::uint64_t settled_ = 0, begun_ = 0;  // Written out up to here; asked for up to there.
};

class RealFolder final : public Folder {
 public:
  RealFolder(int number, std::string path) : number_(number), path_(std::move(path)) {}
  ~RealFolder() override { ::close(number_); }
  RealFolder(const RealFolder&) = delete;
  RealFolder& operator=(const RealFolder&) = delete;

  Result<std::unique_ptr<FolderFile>> open(const std::string& name, FolderOpen how) override {
    const int access = how == FolderOpen::to_read ? O_RDONLY : O_RDWR;
    const int flags = access | O_CLOEXEC | (how == FolderOpen::create ? O_CREAT : 0);
    const int file = ::openat(number_, name.c_str(), flags, 0644);
    if (file < 0) return failed("open", name);
    return std::make_unique<RealFile>(file, path_ + "/" + name);
  }

  Result<std::vector<std::string>> names() override {
    const int again = ::openat(number_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return failed("list", "");
    DIR* const listing = ::fdopendir(again);
    if (listing == nullptr) {
      const auto error = failed("list", "");
      ::close(again);
      return error;
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(listing)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(listing);
    return names;
  }

  Result<> remove(const std::string& name) override {
    if (::unlinkat(number_, name.c_str(), 0) != 0) return failed("remove", name);
    return {};
  }

  Result<> rename(const std::string& from, const std::string& to) override {
    if (::renameat(number_, from.c_str(), number_, to.c_str()) != 0) return failed("rename", from);
    return {};
  }

  Result<> sync() override {
    if (::fsync(number_) != 0) return failed("flush", "");
    return {};
  }

 private:
  std::unexpected<Error> failed(const char* what, const std::string& name) const {
    const int number = errno;
    const std::string where = name.empty() ? path_ : path_ + "/" + name;
    return std::unexpected(errno_error(std::string("cannot ") + what + " " + where, number));
  }

  int number_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<Folder>> open_folder(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return std::unexpected(errno_error("cannot use the folder " + path, errno));
  return std::make_unique<RealFolder>(number, path);
}

}  // namespace brunt
