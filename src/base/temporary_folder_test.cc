#include "base/temporary_folder.h"

#include <doctest/doctest.h>

#include <optional>

#include "base/file.h"

using namespace brunt;

TEST_CASE("a temporary folder goes with its object and all that is in it") {
  std::filesystem::path seen;
  {
    const TemporaryFolder folder = TemporaryFolder::make("brunt-base").value();
    seen = folder.path();
    REQUIRE(write_file(folder / "file", "text"));
    std::filesystem::create_directories(folder / "a/b");
  }
  CHECK(!std::filesystem::exists(seen));
}

TEST_CASE("two temporary folders of one prefix are two") {
  const TemporaryFolder one = TemporaryFolder::make("brunt-base").value();
  const TemporaryFolder other = TemporaryFolder::make("brunt-base").value();
  CHECK(one.path() != other.path());
}

TEST_CASE("a temporary folder that was moved goes once, one that is replaced goes then") {
  TemporaryFolder first = TemporaryFolder::make("brunt-base").value();
  TemporaryFolder second = TemporaryFolder::make("brunt-base").value();
  const auto kept = first.path(), replaced = second.path();
  second = std::move(first);
  CHECK(second.path() == kept);
  CHECK(std::filesystem::exists(kept));
  CHECK(!std::filesystem::exists(replaced));
}
