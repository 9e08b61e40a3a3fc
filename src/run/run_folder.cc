#include "run/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

namespace brunt {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "brunt-run-";
constexpr const char* lock_name = "lock";

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  // Not a range-for: its ++ throws.
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    out.push_back(at->path());
  return out;
}

OwnedDescriptor take_lock(const fs::path& folder, int flags) {
  OwnedDescriptor file(open((folder / lock_name).c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (file.open() && flock(file.number(), LOCK_EX | LOCK_NB) != 0) return {};
  return file;
}

bool was_made_an_hour_ago(const fs::path& folder, WallTime now) {
  struct stat facts{};
  if (lstat(folder.c_str(), &facts) != 0) return false;
  return facts.st_mtim.tv_sec + 3600 < now.unix_ns / 1'000'000'000;
}

// A small file system of a run (a disk that was to fill up) has to go before its folder can.
void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::path& inside : entries(folder)) {
    umount2((inside / "disk").c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    umount2(inside.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  fs::remove_all(folder, ignored);
}

void trim_log(const fs::path& log, std::uintmax_t above, std::uintmax_t keep) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(log, error);
  if (error || size <= above) return;
  std::string tail(keep, '\0');
  std::ifstream in(log, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(size - keep));
  in.read(tail.data(), static_cast<std::streamsize>(keep));
  tail.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  const auto line = tail.find('\n');
  if (line != std::string::npos) tail.erase(0, line + 1);
  // In place, and appended to: whoever writes to it goes on at its new end.
  if (truncate(log.c_str(), 0) != 0) return;
  std::ofstream out(log, std::ios::binary | std::ios::app);
  out << "[brunt: the first " << size - tail.size() << " bytes of this log were cut]\n" << tail;
}

}  // namespace

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

RunFolder::~RunFolder() {
  if (!path_.empty()) remove_folder(path_);
}

Result<RunFolder> RunFolder::make(const fs::path& temporary, WallTime now) {
  sweep_run_folders(temporary, now);
  std::string pattern = (temporary / (std::string(prefix) + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return std::unexpected(
        errno_error("cannot make a directory for the run's files in " + pattern, errno));
  OwnedDescriptor lock = take_lock(pattern, O_CREAT);
  if (!lock.open() || chmod(pattern.c_str(), 0711) != 0) {
    auto error = errno_error("cannot lock the run's directory " + pattern, errno);
    remove_folder(pattern);
    return std::unexpected(std::move(error));
  }
  return RunFolder(pattern, std::move(lock));
}

int sweep_run_folders(const fs::path& temporary, WallTime now) {
  int swept = 0;
  std::error_code ignored;
  for (const fs::path& folder : entries(temporary)) {
    if (!folder.filename().string().starts_with(prefix)) continue;
    if (fs::symlink_status(folder, ignored).type() != fs::file_type::directory) continue;
    const OwnedDescriptor lock = take_lock(folder, 0);
    const bool without = !lock.open() && !fs::exists(folder / lock_name, ignored);
    if (!lock.open() && !(without && was_made_an_hour_ago(folder, now))) continue;
    remove_folder(folder);
    if (!fs::exists(folder, ignored)) ++swept;
  }
  return swept;
}

Result<fs::path> make_log_folder(std::string_view ledger, const std::string& run,
                                 const LogLimits& limits) {
  const bool on_server = ledger.empty() || ledger.find("://") != std::string_view::npos;
  const fs::path logs = (on_server ? fs::path(".brunt") : fs::path(ledger).parent_path()) / "logs";
  std::error_code error;
  fs::create_directories(logs / run, error);
  if (error)
    return std::unexpected(
        errno_error("cannot make the directory " + (logs / run).string(), error.value()));
  // The names of runs sort by their start.
  std::vector<fs::path> runs = entries(logs);
  std::ranges::sort(runs);
  for (std::size_t i = 0; i + limits.runs_max < runs.size(); ++i) fs::remove_all(runs[i], error);
  return logs / run;
}

void trim_logs(const fs::path& folder, std::uintmax_t above, const LogLimits& limits) {
  for (const fs::path& log : entries(folder))
    if (log.extension() == ".log") trim_log(log, above, limits.bytes_max);
}

}  // namespace brunt
