# sed -f words.sed quickjs.c: the words of exceptions as k6's engine has them, members that are missing by name (words.inc),
# and frames of functions that lie on one line with its number.

# Frames.
s/if (!b->has_debug || !b->debug.pc2line_buf) {/if (!b->has_debug) {/

# Texts.
s/"'%s' is not defined"/"%s is not defined"/
s/"cannot read property '%s' of /"Cannot read property '%s' of /
s/"cannot set property '%s' of /"Cannot set property '%s' of /
s/"'%s' is read-only"/"Cannot assign to read only property '%s'"/
s/JS_ThrowTypeErrorReadOnly(ctx, JS_PROP_THROW, atom);$/JS_ThrowTypeError(ctx, "Assignment to constant variable.");/
s/return JS_ThrowTypeErrorOrFalse(ctx, flags, "object is not extensible");/return throw_not_extensible(ctx, flags, prop);/
s/"value is not iterable"/"object is not iterable"/
s/"cannot convert to object"/"Cannot convert undefined or null to object"/
/^static JSValue JS_ThrowReferenceErrorUninitialized/,/^}/{
  s/"%s is not initialized",/"Cannot access %s before initialization",/
  s/"lexical variable"/"a variable"/
}
/^static int check_function/,/^}/s/JS_ThrowTypeError(ctx, "not a function")/throw_not_callable(ctx, obj)/
/^static JSValue JS_CallConstructorInternal/,/^}/{
  s/return JS_ThrowTypeError(ctx, "not a function");/return throw_with_value(ctx, "Value is not an object", func_obj);/
  s/"not a constructor"/"Value is not a constructor"/
}

# Members.
s/^    struct JSStackFrame \*current_stack_frame;/&\n    struct JSStackFrame *missing_frame;\n    JSValue *missing_slot;\n    JSAtom missing_member;/
/^void JS_FreeRuntime/,/^}/s/^    JS_FreeValueRT(rt, rt->current_exception);/&\n    JS_FreeAtomRT(rt, rt->missing_member);/
s/return JS_ThrowTypeError(caller_ctx, "not a function");/return throw_not_a_function(caller_ctx, func_obj, this_obj, argv);/
/CASE(OP_get_field2):/,/BREAK;/{
  s/goto exception;/{ throw_nothing_to_call(ctx, sp[-1], atom); goto exception; }/
  s/\*sp++ = val;/if (unlikely(JS_IsUndefined(val))) note_missing_member(ctx, sf, sp, atom);\n                &/
}
/CASE(OP_get_array_el2):/,/BREAK;/{
  s/JSValue val;/JSValue val, key = JS_DupValue(ctx, sp[-1]);/
  s/sp\[-1\] = val;/&\n                if (unlikely(JS_IsUndefined(val))) note_missing_element(ctx, sf, sp - 1, key);\n                JS_FreeValue(ctx, key);/
}
/^JSValue JS_GetPropertyInternal/,/^}/s/switch(tag) {/if (prop == JS_ATOM_Symbol_iterator \&\& (tag == JS_TAG_NULL || tag == JS_TAG_UNDEFINED))\n            return JS_ThrowTypeError(ctx, "Cannot convert undefined or null to object");\n        &/
