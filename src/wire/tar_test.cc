#include "wire/tar.h"

#include <doctest/doctest.h>

namespace brunt {
namespace {

std::string tar_of(const std::vector<TarFile>& files) {
  std::string bytes;
  for (const TarFile& file : files) append_tar_file(bytes, file);
  append_tar_end(bytes);
  return bytes;
}

// A header's sum, of a header that a test has changed.
void sum_again(std::string& bytes, std::size_t header) {
  bytes.replace(header + 148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[header + i]);
  std::string digits = "000000";
  for (std::size_t i = 6; i > 0; --i, sum /= 8) digits[i - 1] = static_cast<char>('0' + sum % 8);
  bytes.replace(header + 148, 6, digits);
}

}  // namespace

TEST_CASE("files come out of an archive as they went in") {
  const std::vector<TarFile> files = {{"metadata.json", "{}"},
                                      {"file/" + std::string(300, 'x') + ".js", "long"},
                                      {"empty", ""},
                                      {"full", std::string(512, 'f')},
                                      {"more", std::string(513, 'm')}};
  const std::string bytes = tar_of(files);
  CHECK(bytes.size() % 512 == 0);
  const auto read = read_tar(bytes);
  REQUIRE(read);
  REQUIRE(read->size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK((*read)[i].name == files[i].name);
    CHECK((*read)[i].content == files[i].content);
  }
}

TEST_CASE("a hard link is the file that it leads to and folders are left out") {
  std::string bytes = tar_of({{"data", "text"}, {"link", ""}, {"folder", ""}});
  bytes[1024 + 156] = '1';
  bytes.replace(1024 + 157, 4, "data");
  sum_again(bytes, 1024);
  bytes[1536 + 156] = '5';
  sum_again(bytes, 1536);
  const auto read = read_tar(bytes);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[1].name == "link");
  CHECK((*read)[1].content == "text");
}

TEST_CASE("bytes that are no archive are refused") {
  const std::string good = tar_of({{"a", "text"}});
  CHECK(read_tar(std::string(600, 'x')).error().code == ErrorCode::malformed);
  CHECK(read_tar(good.substr(0, 514)).error().text.contains("within a file"));
  CHECK(read_tar(good.substr(0, 1024) + "rest").error().text.contains("within a header"));
  std::string changed = good;
  changed[0] = 'b';
  CHECK(read_tar(changed).error().text.contains("sum is wrong"));
  CHECK(read_tar(good, {.bytes_max = 3}).error().code == ErrorCode::too_large);
  CHECK(read_tar("").value().empty());
}

}  // namespace brunt
