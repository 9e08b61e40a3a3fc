// Reading a log while another process writes it: its last lines, and the lines that are new.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace brunt {

// At most `count` lines from the end (and at most 4 KiB), joined by " | " so that an error stays
// one line. "" if there are none.
std::string last_lines(const std::filesystem::path& log, std::size_t count);

// Walks through a growing file line by line.
class LogFollower {
 public:
  // Starts at what the file's size is now: lines of an earlier run are not ours.
  explicit LogFollower(std::filesystem::path log);

  // Reads what has been added, at most 1 MiB, and hands over each whole line (without its end; cut
  // at 4 KiB). `line` says whether to stop: at the first true this returns true.
  template <typename Line>
  bool any_line(Line&& line) {
    const std::string added = read_added();
    std::size_t start = 0;
    for (std::size_t end = added.find('\n'); end != std::string::npos;
         start = end + 1, end = added.find('\n', start))
      if (line(cut(std::string_view(added).substr(start, end - start)))) return true;
    offset_ += start;
    // A line without an end counts as one too, but is seen again when more of it has come.
    return start < added.size() && line(cut(std::string_view(added).substr(start)));
  }

 private:
  std::string read_added() const;
  static std::string_view cut(std::string_view line);

  std::filesystem::path log_;
  std::uint64_t offset_ = 0;
};

}  // namespace brunt
