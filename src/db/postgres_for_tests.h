// A real PostgreSQL for tests: its own cluster in a temporary folder, reached through a unix
// socket, with fsync as a user has it. Blocking; not for use on a loop under load.
//
//   auto postgres = PostgresForTests::start();
//   if (!postgres) { MESSAGE("no PostgreSQL here: skipped"); return; }
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/temporary_folder.h"

namespace brunt {

class PostgresForTests {
 public:
  // nullptr where PostgreSQL's programs are not installed, or no user may run them.
  static std::unique_ptr<PostgresForTests> start();
  ~PostgresForTests();  // Stops it and removes the folder.

  const std::string& url() const { return url_; }

  // As pulling the plug on the server's process: `pg_ctl stop -m immediate`.
  void crash();
  bool start_again();

 private:
  PostgresForTests() = default;
  bool run(const std::string& program_and_arguments) const;

  std::optional<TemporaryFolder> folder_;
  std::filesystem::path programs_;
  std::string url_;
};

}  // namespace brunt
