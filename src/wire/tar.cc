#include "wire/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace brunt {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t name_bytes = 100;

// Where a header has what.
struct TarField {
  std::size_t at, length;
};
constexpr TarField field_name{0, name_bytes}, field_mode{100, 8}, field_size{124, 12},
    field_time{136, 12}, field_sum{148, 8}, field_link{157, 100}, field_magic{257, 8},
    field_prefix{345, 155};
constexpr std::size_t type_at = 156;

std::string_view text_in(std::string_view header, TarField field) {
  const std::string_view text = header.substr(field.at, field.length);
  return text.substr(0, text.find('\0'));
}

// Octal digits, with blanks or NULs around them; or, with its first bit set, big-endian bytes.
std::optional<std::uint64_t> number_in(std::string_view header, TarField field) {
  std::string_view text = header.substr(field.at, field.length);
  std::uint64_t number = 0;
  if ((static_cast<unsigned char>(text[0]) & 0x80U) != 0) {
    for (const char c : text.substr(text.size() - 8))
      number = number << 8U | static_cast<unsigned char>(c);
    return number;
  }
  const auto first = text.find_first_not_of(' ');
  text.remove_prefix(std::min(first, text.size()));
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    number = number * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::uint64_t sum_of(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_sum = i >= field_sum.at && i < field_sum.at + field_sum.length;
    sum += static_cast<unsigned char>(is_sum ? ' ' : header[i]);
  }
  return sum;
}

void append_entry(std::string& out, std::string_view name, char type, std::string_view content) {
  std::string header(block_bytes, '\0');
  const auto put = [&header](TarField field, std::string_view text) {
    header.replace(field.at, text.size(), text);
  };
  put(field_name, name.substr(0, name_bytes));
  put(field_mode, "0000644");
  put(field_size, fmt::format("{:011o}", content.size()));
  put(field_time, "00000000000");
  put(field_magic, std::string_view("ustar\00000", 8));
  header[type_at] = type;
  put(field_sum, fmt::format("{:06o}", sum_of(header)));
  header[field_sum.at + 7] = ' ';
  out.append(header).append(content);
  out.append((block_bytes - content.size() % block_bytes) % block_bytes, '\0');
}

// "22 path=NAME\n": the number counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest > length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

// The `path` of a pax header; "" where it has none.
std::string_view path_in(std::string_view records) {
  while (!records.empty()) {
    const std::string_view record = records.substr(0, records.find('\n'));
    const auto blank = record.find(' ');
    if (blank != std::string_view::npos && record.substr(blank + 1).starts_with("path="))
      return record.substr(blank + 6);
    records.remove_prefix(std::min(records.size(), record.size() + 1));
  }
  return {};
}

class TarReader {
 public:
  TarReader(std::string_view bytes, const TarLimits& limits) : bytes_(bytes), limits_(limits) {}

  Result<std::vector<TarFile>> read() {
    while (bytes_.size() >= block_bytes) {
      const std::string_view header = bytes_.substr(0, block_bytes);
      if (header.find_first_not_of('\0') == std::string_view::npos) return std::move(files_);
      TRY(read_entry(header));
    }
    if (!bytes_.empty()) return broken("it ends within a header");
    return std::move(files_);
  }

 private:
  static std::unexpected<Error> broken(std::string_view why) {
    return fail(ErrorCode::malformed, fmt::format("this is no tar archive: {}", why));
  }

  Result<> read_entry(std::string_view header) {
    const auto size = number_in(header, field_size);
    if (number_in(header, field_sum) != sum_of(header)) return broken("a header's sum is wrong");
    if (!size) return broken("a size is no number");
    bytes_.remove_prefix(block_bytes);
    const char type = header[type_at];
    const bool has_content = type != '1' && type != '5';
    const std::uint64_t length = has_content ? *size : 0;
    if (length > bytes_.size()) return broken("it ends within a file");
    const std::string_view content = bytes_.substr(0, length);
    const std::uint64_t padded = (length + block_bytes - 1) / block_bytes * block_bytes;
    bytes_.remove_prefix(std::min<std::uint64_t>(padded, bytes_.size()));
    if (type == 'x') return long_name_ = path_in(content), Result<>();
    if (type == 'L') return long_name_ = content.substr(0, content.find('\0')), Result<>();
    std::string name = name_of(header);
    if (type == '0' || type == '\0' || type == '7') return add(std::move(name), content);
    if (type != '1') return {};
    const std::string_view target = text_in(header, field_link);
    const auto found = std::ranges::find(files_, target, &TarFile::name);
    if (found == files_.end()) return broken("a link leads to a file that is not there");
    return add(std::move(name), std::string(found->content));
  }

  std::string name_of(std::string_view header) {
    if (!long_name_.empty()) return std::exchange(long_name_, {});
    std::string name(text_in(header, field_name));
    const bool is_ustar = header.substr(field_magic.at, 6) == std::string_view("ustar\0", 6);
    const std::string_view prefix = is_ustar ? text_in(header, field_prefix) : std::string_view();
    return prefix.empty() ? name : std::string(prefix) + "/" + name;
  }

  Result<> add(std::string name, std::string_view content) {
    taken_ += content.size();
    if (taken_ > limits_.bytes_max || files_.size() >= limits_.files_max)
      return fail(ErrorCode::too_large, "the archive has too much in it");
    files_.push_back({std::move(name), std::string(content)});
    return {};
  }

  std::string_view bytes_;
  TarLimits limits_;
  std::string long_name_;
  std::vector<TarFile> files_;
  std::uint64_t taken_ = 0;
};

}  // namespace

void append_tar_file(std::string& out, const TarFile& file) {
  if (file.name.size() > name_bytes) append_entry(out, "pax", 'x', pax_record("path", file.name));
  append_entry(out, file.name, '0', file.content);
}

void append_tar_end(std::string& out) {
  out.append(2 * block_bytes, '\0');
}

Result<std::vector<TarFile>> read_tar(std::string_view bytes, const TarLimits& limits) {
  return TarReader(bytes, limits).read();
}

}  // namespace brunt
