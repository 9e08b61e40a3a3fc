# Every layer is compiled with these; a warning is an error (set in the presets). The optimising presets switch
# -Wmaybe-uninitialized off: GCC 12 sees ghosts in statement expressions, which TRY is.
set(BRUNT_TEST_WARNINGS -Wall -Wextra -Wshadow -Wundef -Wvla -Wno-missing-field-initializers)
set(BRUNT_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-align -Wnon-virtual-dtor
    -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Wundef -Wvla
    # Designated initialisers name what differs from the default; the rest is meant to stay.
    -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND BRUNT_WARNINGS -Wduplicated-cond -Wduplicated-branches -Wlogical-op)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-coroutines>)
else()
  # TRY is a statement expression, which -Wpedantic of clang calls an extension even behind __extension__.
  # libstdc++ 12's stable_sort uses what it deprecates itself.
  list(APPEND BRUNT_WARNINGS -Wno-gnu-statement-expression-from-macro-expansion -Wno-deprecated-declarations)
endif()
