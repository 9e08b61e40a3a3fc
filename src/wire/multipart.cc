#include "wire/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "wire/http1_writer.h"

namespace brunt {
namespace {

constexpr std::size_t boundary_max = 70;  // RFC 2046, 5.1.1.

bool is_boundary_character(char c) {
  const bool alphanumeric =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || c == '-' || c == '_' || c == '.';
}

// Browsers escape these three, and nothing else, in names and file names.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  out += '"';
}

}  // namespace

std::string MultipartWriter::boundary_from(std::uint64_t high, std::uint64_t low) {
  return fmt::format("----brunt{:016x}{:016x}", high, low);
}

MultipartWriter::MultipartWriter(std::string boundary) : boundary_(std::move(boundary)) {
  ASSERT(!boundary_.empty() && boundary_.size() <= boundary_max &&
         std::ranges::all_of(boundary_, is_boundary_character));
}

Result<> MultipartWriter::check_content(std::string_view content) const {
  if (content.find("--" + boundary_) == std::string_view::npos) return {};
  return fail(ErrorCode::invalid, "the content of the form holds its own boundary");
}

void MultipartWriter::begin_part(std::string_view name) {
  body_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=");
  append_quoted(body_, name);
}

Result<> MultipartWriter::add_field(std::string_view name, std::string_view value) {
  TRY(check_content(value));
  begin_part(name);
  body_.append("\r\n\r\n").append(value).append("\r\n");
  return {};
}

Result<> MultipartWriter::add_file(const File& file, std::string_view content) {
  TRY(check_content(content));
  if (!is_field_value(file.content_type))
    return fail(ErrorCode::invalid, "the content type of a file holds a control character");
  begin_part(file.name);
  body_ += "; filename=";
  append_quoted(body_, file.filename);
  body_ += "\r\nContent-Type: ";
  body_ += file.content_type.empty() ? "application/octet-stream" : file.content_type;
  body_.append("\r\n\r\n").append(content).append("\r\n");
  return {};
}

std::string MultipartWriter::content_type() const {
  return "multipart/form-data; boundary=" + boundary_;
}

std::string MultipartWriter::finish() && {
  body_.append("--").append(boundary_).append("--\r\n");
  return std::move(body_);
}

}  // namespace brunt
