// Writes a multipart/form-data body: what a browser sends for a form with files.
//
//   MultipartWriter form(MultipartWriter::boundary_from(prng.next(), prng.next()));
//   TRY(form.add_field("user", "ann"));
//   TRY(form.add_file({.name = "photo", .filename = "a.png", .content_type = "image/png"}, bytes));
//   const std::string body = std::move(form).finish();
//
// Source: RFC 7578; names and file names are escaped as the HTML standard says (%22, %0D, %0A).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

class MultipartWriter {
 public:
  struct File {
    std::string_view name, filename;
    std::string_view content_type;  // "": application/octet-stream.
  };

  // 128 bits of chance as a boundary. It comes in, so that a seed reproduces a run.
  static std::string boundary_from(std::uint64_t high, std::uint64_t low);

  // REQUIRES: 1 to 70 characters that may stand in a boundary (asserted).
  explicit MultipartWriter(std::string boundary);

  // Errors: invalid (a content type with a line end, a boundary that occurs in the content).
  Result<> add_field(std::string_view name, std::string_view value);
  Result<> add_file(const File& file, std::string_view content);

  std::string content_type() const;  // multipart/form-data; boundary=...
  std::string finish() &&;           // The body with its closing boundary.

 private:
  Result<> check_content(std::string_view content) const;
  void begin_part(std::string_view name);

  std::string boundary_;
  std::string body_;
};

}  // namespace brunt
