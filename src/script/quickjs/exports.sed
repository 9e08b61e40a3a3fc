# What `export const { a, b: [c] } = ...` names is exported; the engine forgets it. By the function that declares: what a default value
# declares in functions of its own is not.
s/^    JSFunctionDef \*cur_func;/&\n    JSFunctionDef *exporting_func; \/* while an export's names are taken apart *\//
/^static int js_parse_destructuring_element(JSParseState \*s, int tok, int is_arg,$/,/^}/{
  s/if (js_define_var(s, var_name, tok))/if (js_define_var(s, var_name, tok) ||\n                        (s->exporting_func == s->cur_func \&\&\n                         !add_export_entry(s, s->cur_func->module, var_name, var_name, JS_EXPORT_TYPE_LOCAL)))/
}
/^static __exception int js_parse_var(/,/^}/{
  s/if (js_parse_destructuring_element(s, tok, 0, TRUE, skip_bits & SKIP_HAS_ELLIPSIS, TRUE) < 0)/JSFunctionDef *outer = s->exporting_func;\n                int taken;\n                s->exporting_func = export_flag ? s->cur_func : NULL;\n                taken = js_parse_destructuring_element(s, tok, 0, TRUE, skip_bits \& SKIP_HAS_ELLIPSIS, TRUE);\n                s->exporting_func = outer;\n                if (taken < 0)/
}
