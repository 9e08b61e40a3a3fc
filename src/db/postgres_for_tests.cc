#include "db/postgres_for_tests.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace brunt {
namespace {

std::filesystem::path find_programs() {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
    if (std::filesystem::exists(version.path() / "bin" / "initdb"))
      found.push_back(version.path() / "bin");
  return found.empty() ? std::filesystem::path() : *std::max_element(found.begin(), found.end());
}

}  // namespace

bool PostgresForTests::run(const std::string& program_and_arguments) const {
  // PostgreSQL refuses to run as root.
  const std::string as_user =
      geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
  const std::string command =
      fmt::format("cd / && {}{}/{} >>{}/log 2>&1", as_user, programs_.string(),
                  program_and_arguments, folder_->path().string());
  return std::system(command.c_str()) == 0;
}

std::unique_ptr<PostgresForTests> PostgresForTests::start() {
  // make_unique cannot reach a private constructor.
  std::unique_ptr<PostgresForTests> server(new PostgresForTests());
  server->programs_ = find_programs();
  if (server->programs_.empty()) return nullptr;
  auto made = TemporaryFolder::make("brunt-pg");
  if (!made) return nullptr;
  server->folder_ = std::move(*made);
  const std::string folder = server->folder_->path().string();
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (user == nullptr || chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) return nullptr;
  }
  server->url_ = fmt::format("postgresql://brunt@/postgres?host={}", folder);
  if (!server->run(fmt::format("initdb -D {}/data -U brunt --auth=trust -E UTF8", folder)) ||
      !server->start_again())
    return nullptr;
  return server;
}

bool PostgresForTests::start_again() {
  return run(
      fmt::format("pg_ctl -D {0}/data -w -l {0}/server.log -o \"-c listen_addresses='' -k {0}\" "
                  "start",
                  folder_->path().string()));
}

void PostgresForTests::crash() {
  run(fmt::format("pg_ctl -D {}/data -m immediate stop", folder_->path().string()));
}

PostgresForTests::~PostgresForTests() {
  if (!url_.empty()) crash();
}

}  // namespace brunt
