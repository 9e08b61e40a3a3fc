#include "engine/engine_directory.h"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "loop/endpoint.h"

namespace brunt {
namespace {

constexpr std::string_view prefix = "brunt-engine-";

// The pid in brunt-engine-<pid>-...; 0 if the name is not of that form.
pid_t pid_in(std::string_view name) {
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  pid_t pid = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (end.ec != std::errc() || pid <= 0) return 0;
  return end.ptr != name.data() + name.size() && *end.ptr == '-' ? pid : 0;
}

}  // namespace

std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> out;
  std::error_code error;
  // Not a range-for: its ++ throws.
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    out.push_back(at->path());
  return out;
}

std::filesystem::path temporary_directory(const EngineOptions& options) {
  if (!options.temporary.empty()) return options.temporary;
  std::error_code error;
  const auto machine = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : machine;
}

Result<EngineDirectory> EngineDirectory::make(const EngineOptions& options, std::string_view kind,
                                              const std::string& user) {
  std::string path =
      (temporary_directory(options) / fmt::format("{}{}-{}-XXXXXX", prefix, getpid(), kind))
          .string();
  if (mkdtemp(path.data()) == nullptr)
    return std::unexpected(errno_error("cannot make the directory " + path, errno));
  EngineDirectory directory{std::filesystem::path(path)};
  if (options.disk_bytes > 0) {
    const std::string size = fmt::format("size={},mode=0700", options.disk_bytes);
    if (mount("brunt", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0) {
      auto refused =
          errno_error("this machine does not let brunt mount a small disk at " + path, errno);
      refused.code = ErrorCode::unsupported;
      return std::unexpected(std::move(refused));
    }
  }
  if (user.empty()) return directory;
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr)
    return fail(ErrorCode::not_found, fmt::format("there is no user \"{}\" on this machine", user));
  if (chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0)
    return std::unexpected(errno_error(fmt::format("cannot give {} to {}", path, user), errno));
  return directory;
}

EngineDirectory::~EngineDirectory() {
  if (!path_.empty()) remove_engine_directory(path_);
}

std::filesystem::path EngineDirectory::release() {
  std::filesystem::path path = std::move(path_);
  path_.clear();
  return path;
}

void remove_engine_directory(const std::filesystem::path& directory) {
  // Refused where it is no mount, or where we may not: then there is nothing to unmount.
  umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

int sweep_engine_directories(const std::filesystem::path& temporary) {
  int swept = 0;
  std::error_code ignored;
  for (const auto& path : entries_of(temporary)) {
    const pid_t pid = pid_in(path.filename().string());
    const bool dead = pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
    const auto status = std::filesystem::symlink_status(path, ignored);
    if (!dead || status.type() != std::filesystem::file_type::directory) continue;
    remove_engine_directory(path);
    if (!std::filesystem::exists(path, ignored)) ++swept;
  }
  return swept;
}

Result<std::uint16_t> free_loopback_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::unexpected(errno_error("looking for a free port", errno));
  const Endpoint any = Endpoint::loopback(0);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  const bool done = bind(socket, any.address(), any.size()) == 0 &&
                    getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) == 0;
  const int number = errno;
  close(socket);
  if (!done) return std::unexpected(errno_error("looking for a free port", number));
  return Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&bound), size).port();
}

}  // namespace brunt
