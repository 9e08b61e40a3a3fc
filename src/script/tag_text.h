// Tags of a script's call as one text, by which series are found: "name\nvalue\n" for each.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "script/engine.h"

namespace brunt {

inline void append_tag(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("\n").append(value).append("\n");
}

// Appends the tags of an object like { team: "a" }; nothing for undefined and null. A tag named
// `name` goes to `name` instead, where that is wanted. False: an exception is pending.
bool append_tags(JSContext* context, JSValueConst tags, std::string& out, std::string* name);

}  // namespace brunt
