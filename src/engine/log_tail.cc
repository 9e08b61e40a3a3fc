#include "engine/log_tail.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "base/text.h"

namespace brunt {
namespace {

constexpr std::uint64_t tail_bytes = 4096;
constexpr std::uint64_t added_bytes_max = 1u << 20u;
constexpr std::size_t line_bytes_max = 4096;

std::string read_from(const std::filesystem::path& path, std::uint64_t offset,
                      std::uint64_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  file.seekg(static_cast<std::streamoff>(offset));
  std::string out(bytes_max, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return out;
}

std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

std::string last_lines(const std::filesystem::path& log, std::size_t count) {
  const std::uint64_t size = size_of(log);
  const std::string tail = read_from(log, size > tail_bytes ? size - tail_bytes : 0, tail_bytes);
  std::vector<std::string_view> lines;
  for (const std::string_view line : split(tail, '\n'))
    if (!trim(line).empty()) lines.push_back(trim(line));
  // The first may be the rest of a longer one.
  if (size > tail_bytes && lines.size() > 1) lines.erase(lines.begin());
  std::string out;
  for (std::size_t i = lines.size() - std::min(count, lines.size()); i < lines.size(); ++i) {
    if (!out.empty()) out += " | ";
    out += lines[i];
  }
  return out;
}

LogFollower::LogFollower(std::filesystem::path log)
    : log_(std::move(log)), offset_(size_of(log_)) {}

std::string LogFollower::read_added() const {
  return read_from(log_, offset_, added_bytes_max);
}

std::string_view LogFollower::cut(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.substr(0, line_bytes_max);
}

}  // namespace brunt
