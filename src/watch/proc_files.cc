#include "watch/proc_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "base/text.h"

namespace brunt {
namespace {

template <typename Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// The next word of `text`, which loses it.
std::string_view next_word(std::string_view& text) {
  const std::size_t from = text.find_first_not_of(" \t\n");
  if (from == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(from);
  const std::size_t length = std::min(text.find_first_of(" \t\n"), text.size());
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

// `key` at the beginning of a line, and the number behind it.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    std::string_view rest = text.substr(at + key.size());
    std::uint64_t number = 0;
    if (read_number(next_word(rest), number)) return number;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  // The name may hold anything, closing brackets and blanks too: the last bracket ends it.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos)
    return fail(ErrorCode::malformed, "a process's stat has no name in brackets");
  std::string_view rest = text.substr(bracket + 1);
  constexpr std::size_t fields = 20;  // 3 (state) to 22 (starttime) of proc(5).
  std::array<std::string_view, fields> words;
  for (std::string_view& word : words) word = next_word(rest);
  ProcessStat stat;
  const bool read =
      words[0].size() == 1 && read_number(words[1], stat.parent) &&
      read_number(words[2], stat.group) && read_number(words[11], stat.user_ticks) &&
      read_number(words[12], stat.system_ticks) && read_number(words[13], stat.reaped_user_ticks) &&
      read_number(words[14], stat.reaped_system_ticks) && read_number(words[19], stat.start_ticks);
  if (!read) return fail(ErrorCode::malformed, "a process's stat has other fields than expected");
  stat.state = words[0].front();
  return stat;
}

ProcessStatus parse_process_status(std::string_view text) {
  constexpr std::uint64_t kilobyte = 1024;
  const auto number = [&](std::string_view key) { return number_after(text, key).value_or(0); };
  ProcessStatus status;
  status.anonymous_bytes = number("RssAnon:") * kilobyte;
  status.shared_bytes = (number("RssFile:") + number("RssShmem:")) * kilobyte;
  status.threads = static_cast<std::uint32_t>(number("Threads:"));
  status.voluntary_switches = number("voluntary_ctxt_switches:");
  status.involuntary_switches = number("nonvoluntary_ctxt_switches:");
  return status;
}

std::optional<ProcessIo> parse_process_io(std::string_view text) {
  const auto read = number_after(text, "read_bytes:");
  const auto written = number_after(text, "write_bytes:");
  if (!read || !written) return std::nullopt;
  return ProcessIo{.read_bytes = *read, .written_bytes = *written};
}

std::optional<std::uint64_t> parse_pressure_us(std::string_view text) {
  if (!text.starts_with("some ")) return std::nullopt;
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::size_t at = line.find("total=");
  std::uint64_t total = 0;
  if (at == std::string_view::npos || !read_number(trim(line.substr(at + 6)), total))
    return std::nullopt;
  return total;
}

std::optional<std::uint64_t> parse_busy_ticks(std::string_view text) {
  if (!text.starts_with("cpu ")) return std::nullopt;
  std::string_view line = text.substr(4, std::min(text.find('\n'), text.size()) - 4);
  // user nice system idle iowait irq softirq steal: all but idle, iowait, and what others stole.
  constexpr std::array<bool, 7> is_work = {true, true, true, false, false, true, true};
  std::uint64_t busy = 0;
  for (const bool counts : is_work) {
    std::uint64_t ticks = 0;
    if (!read_number(next_word(line), ticks)) return std::nullopt;
    if (counts) busy += ticks;
  }
  return busy;
}

bool read_proc_file(const std::filesystem::path& path, std::string& buffer) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  constexpr std::size_t bytes_max = 64u << 10u;  // None of those read here has more.
  constexpr std::size_t piece = 4096;
  std::size_t size = 0;
  ssize_t got = 0;
  do {
    if (buffer.size() < size + piece) buffer.resize(size + piece);
    got = ::read(file, buffer.data() + size, buffer.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
  } while (got > 0 && size < bytes_max);
  ::close(file);
  buffer.resize(size);
  return got >= 0;
}

}  // namespace brunt
