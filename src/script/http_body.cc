// The body of a script's request: as it is, as a form, as parts, compressed.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/url.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/script_bytes.h"
#include "wire/content_coding.h"
#include "wire/multipart.h"

namespace brunt {
namespace {

bool is_file(JSContext* context, JSValueConst value) {
  return JS_IsObject(value) && JS_ToBool(context, property(context, value, file_mark).get()) > 0;
}

bool has_file(JSContext* context, JSValueConst object) {
  bool found = false;
  for_each_property(context, object, [&](const std::string&, JSValueConst value) {
    found = is_file(context, value);
    return !found;
  });
  return found;
}

// The bytes of an ArrayBuffer, else the text.
std::string bytes_of(JSContext* context, JSValueConst value) {
  std::string bytes;
  if (read_bytes(context, value, bytes)) return bytes;
  JS_FreeValue(context, JS_GetException(context));
  return text_of(context, value);
}

// An object with files becomes what a browser sends for a form that has some.
bool append_multipart(JSContext* context, JSValueConst object, ScriptExchange& exchange) {
  Prng& chance = Engine::of(context).vu->prng;
  const std::uint64_t high = chance.next(), low = chance.next();
  MultipartWriter form(MultipartWriter::boundary_from(high, low));
  Result<> added;
  for_each_property(context, object, [&](const std::string& key, JSValueConst value) {
    if (is_file(context, value)) {
      const std::string filename = text_of(context, property(context, value, "filename").get());
      const std::string type = text_of(context, property(context, value, "content_type").get());
      added = form.add_file({.name = key, .filename = filename, .content_type = type},
                            bytes_of(context, property(context, value, "data").get()));
    } else {
      added = form.add_field(key, is_nothing(value) ? std::string() : text_of(context, value));
    }
    return added.has_value();
  });
  if (!added) return exchange.refuse(added.error().text);
  exchange.set_default_field("Content-Type", form.content_type());
  exchange.body = std::move(form).finish();
  return true;
}

// An object becomes a form, its keys in order, as Go's url.Values does it.
bool append_form(JSContext* context, JSValueConst object, ScriptExchange& exchange) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (has_file(context, object)) return append_multipart(context, object, exchange);
  bool good = true;
  const auto add = [&](const std::string& key, JSValueConst value) {
    if (JS_IsObject(value))
      Engine::of(context).body->warn(fmt::format(
          "the form has an object in {}, which cannot urlencode a nested value: it is sent empty; "
          "JSON.stringify() makes a text of it",
          key));
    const JsText text(context, value);
    good = good && text.ok();
    const bool bare = is_nothing(value) || JS_IsObject(value);
    fields.emplace_back(key, bare ? std::string_view() : text.view());
    return good;
  };
  for_each_property(context, object, [&](const std::string& key, JSValueConst value) {
    if (JS_IsArray(context, value) <= 0) return add(key, value);
    for_each_property(context, value,
                      [&](const std::string&, JSValueConst element) { return add(key, element); });
    return good;
  });
  std::ranges::stable_sort(fields, {}, &std::pair<std::string, std::string>::first);
  for (const auto& [key, value] : fields) {
    if (!exchange.body.empty()) exchange.body += '&';
    exchange.body += form_encode(key) + '=' + form_encode(value);
  }
  exchange.set_default_field("Content-Type", "application/x-www-form-urlencoded");
  return good;
}

// How large an element of a typed array is; nullopt: it is none.
std::optional<std::size_t> element_size_of(JSContext* context, JSValueConst value) {
  std::size_t offset = 0, length = 0, element = 0;
  const JsValue buffer(context, JS_GetTypedArrayBuffer(context, value, &offset, &length, &element));
  if (!buffer.failed()) return element;
  JS_FreeValue(context, JS_GetException(context));
  return std::nullopt;
}

bool is_array_buffer(JSContext* context, JSValueConst value) {
  std::size_t size = 0;
  if (JS_GetArrayBuffer(context, &size, value) != nullptr) return true;
  JS_FreeValue(context, JS_GetException(context));
  return false;
}

}  // namespace

bool read_body(JSContext* context, JSValueConst body, ScriptExchange& exchange) {
  if (is_nothing(body)) return true;
  exchange.has_body = true;
  if (JS_IsString(body) != 0) return read_bytes(context, body, exchange.body);
  const bool is_object =
      JS_IsObject(body) && JS_IsArray(context, body) <= 0 && JS_IsFunction(context, body) == 0;
  if (is_object) {
    if (is_array_buffer(context, body)) return read_bytes(context, body, exchange.body);
    const auto element = element_size_of(context, body);
    if (element == 1) return read_bytes(context, body, exchange.body);
    if (!element) return append_form(context, body, exchange);
  }
  return exchange.refuse(
      "unknown request body type: it is a text, an ArrayBuffer or an object; other lists of "
      "numbers have a .buffer, and JSON.stringify() makes a text of what is left");
}

bool compress_body(JSContext* context, std::string_view codings, ScriptExchange& exchange) {
  std::string names;
  if (trim(codings).empty()) return true;
  for (const std::string_view part : split(codings, ',')) {
    const std::string_view name = trim(part);
    const auto coding = parse_content_coding(name);
    if (!coding || *coding == ContentCoding::identity)
      return exchange.refuse(
          fmt::format("unknown compression algorithm {}, supported algorithms are [gzip deflate "
                      "zstd br]",
                      name));
    auto encoded = encode_content(*coding, exchange.body);
    if (!encoded) return exchange.refuse(encoded.error().text);
    exchange.body = std::move(*encoded);
    names.append(names.empty() ? "" : ", ").append(name);
  }
  if (const std::string* own = exchange.field("Content-Encoding"); own != nullptr && *own != names)
    Engine::of(context).body->warn(
        fmt::format("{} {}: the Content-Encoding header is \"{}\", the body's compression \"{}\"; "
                    "the header stays",
                    exchange.method, exchange.url_text, *own, names));
  exchange.set_default_field("Content-Encoding", names);
  return true;
}

}  // namespace brunt
