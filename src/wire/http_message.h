// An HTTP message taken apart: start line, fields, body, trailers. The codecs fill it, everybody
// above reads it.
//
// One message is made to be used again and again: clear() keeps the memory, so that once warm a
// request costs no allocation. Fields keep their order and spelling; a name is found without regard
// to case. Every view it gives is valid until the message is next changed.
//
//   if (const auto type = message.fields().find("content-type")) ...
//
// Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1), RFC 9113 (HTTP/2).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brunt {

struct HttpField {
  std::string_view name, value;
  friend bool operator==(const HttpField&, const HttpField&) = default;
};

// The field lines of a message in their order, as a view.
class HttpFields {
 public:
  // Where a field stands in the bytes of its message: 16 bytes for each.
  struct Place {
    std::uint32_t name_at = 0, name_size = 0, value_at = 0, value_size = 0;
  };

  HttpFields() = default;
  HttpFields(const char* bytes, const Place* places, std::size_t count)
      : bytes_(bytes), places_(places), count_(count) {}

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  HttpField operator[](std::size_t index) const {
    const Place& place = places_[index];
    return {{bytes_ + place.name_at, place.name_size}, {bytes_ + place.value_at, place.value_size}};
  }

  // The first field of that name; nullopt where there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  // Every value of that name joined with ", " as RFC 9110, section 5.3, allows; "" where none.
  std::string join(std::string_view name) const;
  // Whether a comma-separated field has this token: has_token("connection", "close").
  bool has_token(std::string_view name, std::string_view token) const;

  class Iterator {
   public:
    Iterator(const HttpFields* fields, std::size_t index) : fields_(fields), index_(index) {}
    HttpField operator*() const { return (*fields_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const HttpFields* fields_;
    std::size_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }

 private:
  const char* bytes_ = nullptr;
  const Place* places_ = nullptr;
  std::size_t count_ = 0;
};

class HttpMessage {
 public:
  // Of a request. "" in a response.
  std::string_view method() const { return view(method_); }
  std::string_view target() const { return view(target_); }  // As sent: "/a?b=c", "*", ...
  // Of a response. 0 in a request, and in a response that never came.
  std::uint16_t status() const { return status_; }
  std::string_view reason() const { return view(reason_); }  // May be empty.

  std::uint8_t version_minor() const { return version_minor_; }  // 1 for HTTP/1.1, 0 for HTTP/1.0.
  // "HTTP/1.0", "HTTP/1.1" or "HTTP/2.0", a literal.
  std::string_view version() const;

  HttpFields fields() const { return {bytes_.data(), places_.data(), trailers_from_}; }
  HttpFields trailers() const {
    return {bytes_.data(), places_.data() + trailers_from_, places_.size() - trailers_from_};
  }

  // The body without its framing, still content-coded. Empty when it was discarded. Between two
  // feeds of the parser the owner may take and clear it: that is how to stream a body.
  std::string body;
  std::uint64_t body_bytes() const { return body_bytes_; }  // Counts a discarded body too.
  // As announced; nullopt when chunked or until the connection's end.
  std::optional<std::uint64_t> content_length() const {
    return has_content_length_ ? std::optional(content_length_) : std::nullopt;
  }

  bool keep_alive() const { return keep_alive_; }  // Whether another message may follow.
  bool expects_continue() const { return expects_continue_; }  // A request with 100-continue.
  // Cheap hints, so that the hot path need not search: is there any such field?
  bool has_set_cookie() const { return has_set_cookie_; }
  bool has_content_encoding() const { return has_content_encoding_; }

  // Interim (1xx) responses that came before this one, and the last one's status.
  std::uint32_t interim_count() const { return interim_count_; }
  std::uint16_t interim_status() const { return interim_status_; }

  // Forgets the message, keeps the memory, but not more than `bytes_kept` of each buffer.
  void clear();
  void shrink(std::size_t bytes_kept);

 private:
  friend class Http1Parser;
  friend class Http1HeadReader;
  friend class Http2ResponseReader;

  struct Range {
    std::uint32_t at = 0, size = 0;
  };
  std::string_view view(Range range) const { return {bytes_.data() + range.at, range.size}; }

  std::string bytes_;  // The head as received, then the trailer section; of HTTP/2 its texts.
  std::vector<HttpFields::Place> places_;
  std::size_t trailers_from_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t content_length_ = 0;
  Range method_, target_, reason_;
  std::uint32_t interim_count_ = 0;
  std::uint16_t interim_status_ = 0;
  std::uint16_t status_ = 0;
  std::uint8_t version_major_ = 1, version_minor_ = 1;
  bool has_content_length_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool has_set_cookie_ = false;
  bool has_content_encoding_ = false;
};

}  // namespace brunt
