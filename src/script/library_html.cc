// What is native in library/html.js.
#include <algorithm>
#include <array>
#include <memory>

#include "script/classes.h"
#include "script/css_selector.h"
#include "script/exchange.h"
#include "script/html_document.h"
#include "script/library.h"

namespace brunt {
namespace {

// A page and a node of it, as most functions take them.
struct Place {
  const HtmlDocument* page = nullptr;
  std::uint32_t id = 0;
};

const HtmlDocument* page_of(JSContext* context, JSValueConst value) {
  return static_cast<const HtmlDocument*>(JS_GetOpaque2(context, value, class_ids().html));
}

std::optional<Place> place_of(JSContext* context, JSValueConst* arguments) {
  Place place{.page = page_of(context, arguments[0])};
  if (place.page == nullptr || JS_ToUint32(context, &place.id, arguments[1]) < 0)
    return std::nullopt;
  if (place.id < place.page->size()) return place;
  (void)JS_ThrowRangeError(context, "there is no such node");
  return std::nullopt;
}

JSValue js_parse(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const JsText text(context, arguments[0]);
  if (!text.ok()) return js_exception;
  auto page = HtmlDocument::parse(text.view());
  if (!page) return throw_error(context, page.error().text);
  return native_object<&ClassIds::html>(context, "HtmlDocument",
                                        std::make_unique<HtmlDocument>(std::move(*page)));
}

JSValue js_ids(JSContext* context, const std::vector<std::uint32_t>& ids) {
  const JSValue array = JS_NewArray(context);
  for (std::size_t i = 0; i < ids.size(); ++i)
    JS_SetPropertyUint32(context, array, static_cast<std::uint32_t>(i),
                         JS_NewInt64(context, ids[i]));
  return array;
}

JSValue js_id(JSContext* context, std::uint32_t id) {
  return JS_NewInt64(context, id == no_node ? -1 : static_cast<std::int64_t>(id));
}

std::optional<CssSelector> selector_of(JSContext* context, JSValueConst text) {
  auto selector = CssSelector::parse(text_of(context, text));
  if (selector) return std::move(*selector);
  (void)JS_ThrowSyntaxError(context, "%s", selector.error().text.c_str());
  return std::nullopt;
}

// (page, ids, selector): the descendants of any of the nodes.
JSValue js_find(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const HtmlDocument* page = page_of(context, arguments[0]);
  if (page == nullptr) return js_exception;
  const auto selector = selector_of(context, arguments[2]);
  std::uint32_t count = 0;
  const JsValue length = property(context, arguments[1], "length");
  if (!selector || JS_ToUint32(context, &count, length.get()) < 0) return js_exception;
  std::vector<std::uint32_t> found;
  std::uint32_t done = 0;  // The nodes before it were looked at: ids come in order.
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t id = 0;
    const JsValue value(context, JS_GetPropertyUint32(context, arguments[1], i));
    if (JS_ToUint32(context, &id, value.get()) < 0) return js_exception;
    if (id >= page->size()) return JS_ThrowRangeError(context, "there is no such node");
    for (std::uint32_t one = std::max(done, id + 1); one < page->at(id).end; ++one)
      if (selector->matches(*page, one)) found.push_back(one);
    done = std::max(done, page->at(id).end);
  }
  return js_ids(context, found);
}

JSValue js_matches(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  const auto selector = selector_of(context, arguments[2]);
  return selector ? js_bool(selector->matches(*place->page, place->id)) : js_exception;
}

JSValue js_children(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  const bool only_elements = JS_ToBool(context, arguments[2]) > 0;
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = place->page->first_child(place->id); id != no_node;
       id = place->page->next(id))
    if (!only_elements || place->page->at(id).is_element()) ids.push_back(id);
  return js_ids(context, ids);
}

template <std::uint32_t (HtmlDocument::*step)(std::uint32_t) const>
JSValue js_step(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  return place ? js_id(context, (place->page->*step)(place->id)) : js_exception;
}

template <std::string (HtmlDocument::*read)(std::uint32_t) const>
JSValue js_read(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  return place ? js_string(context, (place->page->*read)(place->id)) : js_exception;
}

// The text of a node, of a comment too.
JSValue js_text(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  const HtmlNode& node = place->page->at(place->id);
  return node.kind == HtmlNode::Kind::comment
             ? js_string(context, node.text)
             : js_read<&HtmlDocument::text>(context, self, count, arguments);
}

JSValue js_kind(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  static constexpr std::array<std::int32_t, 4> dom_kinds = {9, 1, 3, 8};
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  return JS_NewInt32(context, dom_kinds[static_cast<std::size_t>(place->page->at(place->id).kind)]);
}

JSValue js_name(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  return place ? js_string(context, place->page->at(place->id).name) : js_exception;
}

JSValue js_attr(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  const std::string* value = place->page->at(place->id).attribute(text_of(context, arguments[2]));
  return value != nullptr ? js_string(context, *value) : js_undefined;
}

JSValue js_attributes(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const auto place = place_of(context, arguments);
  if (!place) return js_exception;
  const JSValue all = JS_NewArray(context);
  std::uint32_t count = 0;
  for (const auto& [name, value] : place->page->at(place->id).attributes) {
    const JSValue pair = JS_NewArray(context);
    JS_SetPropertyUint32(context, pair, 0, js_string(context, name));
    JS_SetPropertyUint32(context, pair, 1, js_string(context, value));
    JS_SetPropertyUint32(context, all, count++, pair);
  }
  return all;
}

// (method, url, body, params), as http.request.
JSValue js_request(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const std::string method = text_of(context, arguments[0]);
  return make_request(
      context,
      {.method = method, .url = arguments[1], .body = arguments[2], .params = arguments[3]});
}

// What elements of single tags have: library/html_elements.js, which most scripts do not need.
JSValue js_elements(JSContext* context, JSValueConst, int, JSValueConst*) {
  return library(context, "html_elements");
}

constexpr std::array<JsFunction, 16> natives = {{{"parse", js_parse, 1},
                                                 {"find", js_find, 3},
                                                 {"matches", js_matches, 3},
                                                 {"children", js_children, 3},
                                                 {"parent", js_step<&HtmlDocument::parent>, 2},
                                                 {"next", js_step<&HtmlDocument::next>, 2},
                                                 {"previous", js_step<&HtmlDocument::previous>, 2},
                                                 {"inner", js_read<&HtmlDocument::inner_html>, 2},
                                                 {"outer", js_read<&HtmlDocument::outer_html>, 2},
                                                 {"text", js_text, 2},
                                                 {"kind", js_kind, 2},
                                                 {"name", js_name, 2},
                                                 {"attr", js_attr, 3},
                                                 {"attributes", js_attributes, 2},
                                                 {"request", js_request, 4},
                                                 {"elements", js_elements, 0}}};

}  // namespace

std::span<const JsFunction> html_natives() {
  return natives;
}

}  // namespace brunt
