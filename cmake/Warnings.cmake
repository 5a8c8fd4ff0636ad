# Warnings are errors, for our own targets only.
add_library(rastro_warnings INTERFACE)
target_compile_options(rastro_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wformat=2 -Wundef -Wimplicit-fallthrough -Werror)
if(CMAKE_UNITY_BUILD)
  # Files that are compiled together do not know each other's names.
  target_compile_options(rastro_warnings INTERFACE -Wno-shadow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(CMAKE_UNITY_BUILD)
    # Told of what is included, as every source file is then.
    target_compile_options(rastro_warnings INTERFACE -Wno-subobject-linkage)
  endif()
  # GCC 12 reports these inside inlined library code (std::optional, std::variant) without cause.
  target_compile_options(rastro_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
