#include "wire/http_message.h"

#include "base/text.h"
#include "wire/http1_characters.h"

namespace brunt {

std::optional<std::string_view> HttpFields::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (places_[i].name_size == name.size() && equal_ignoring_case((*this)[i].name, name))
      return (*this)[i].value;
  return std::nullopt;
}

std::string HttpFields::join(std::string_view name) const {
  std::string joined;
  bool first = true;
  for (const HttpField field : *this) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!first) joined += ", ";
    joined += field.value;
    first = false;
  }
  return joined;
}

bool HttpFields::has_token(std::string_view name, std::string_view token) const {
  for (const HttpField field : *this) {
    if (!equal_ignoring_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (true) {
      const auto comma = rest.find(',');
      if (equal_ignoring_case(trim_blanks(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::string_view HttpMessage::version() const {
  if (version_major_ == 2) return "HTTP/2.0";
  return version_minor_ == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

void HttpMessage::clear() {
  body.clear();
  bytes_.clear();
  places_.clear();
  trailers_from_ = 0;
  body_bytes_ = content_length_ = 0;
  method_ = target_ = reason_ = {};
  interim_count_ = 0;
  interim_status_ = status_ = 0;
  version_major_ = version_minor_ = 1;
  has_content_length_ = keep_alive_ = expects_continue_ = false;
  has_set_cookie_ = has_content_encoding_ = false;
}

void HttpMessage::shrink(std::size_t bytes_kept) {
  clear();
  if (body.capacity() > bytes_kept) body = std::string();
  if (bytes_.capacity() > bytes_kept) bytes_ = std::string();
  if (places_.capacity() * sizeof(HttpFields::Place) > bytes_kept)
    places_ = std::vector<HttpFields::Place>();
}

}  // namespace brunt
