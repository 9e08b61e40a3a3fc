// require() and module.exports: CommonJS modules, and what ES modules are to each other.
//
// For this layer only. A CommonJS module runs when it is first asked for, also by an `import`: its
// exports are then what an ES module sees. An ES module (and k6's own) that is required gives its
// namespace.
#pragma once
#include <string>

#include "script/js_value.h"

namespace brunt {

// require(name): in init code only.
JSValue js_require(JSContext* context, JSValueConst self, int count, JSValueConst* arguments);

// Runs the module, unless it has begun already: its exports. An exception is pending where that
// fails. REQUIRES: it is one (Engine::is_commonjs()).
JSValue run_commonjs(JSContext* context, const std::string& name);

// The same as a module that can be imported: its exports' names, and default. nullptr: an exception
// is pending.
JSModuleDef* import_commonjs(JSContext* context, const std::string& name);

}  // namespace brunt
