# One folder, one target, one list of lower folders that it may use.
#
#   rastro_library(daemon/correlate SOURCES a.cc b.cc DEPENDS core LIBS re2::re2)
#
# DEPENDS names folders whose targets must exist already, so the order of add_subdirectory() in the
# root is the layering and an upward or circular dependency fails at configure time. tests/tidy
# compares every #include "..." with the same lists.
function(rastro_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBS")
  string(REPLACE "/" "_" target "rastro_${folder}")
  set(dep_targets)
  foreach(dep IN LISTS arg_DEPENDS)
    string(REPLACE "/" "_" dep_target "rastro_${dep}")
    if(NOT TARGET ${dep_target})
      message(FATAL_ERROR "${folder} may not depend on ${dep}: it is not a lower layer")
    endif()
    list(APPEND dep_targets ${dep_target})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY RASTRO_LAYERS "${folder}: ${arg_DEPENDS}")
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE rastro_warnings)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} ${scope} ${dep_targets} ${arg_LIBS})
endfunction()

# What the tests with the labels threads and system need: all that a short run builds with tsan.
add_custom_target(threads_tests)

# A GoogleTest program for the tests of one folder; every case becomes one ctest test. With sanitizers, where a start takes
# longer than most cases, half a program is one.
#   rastro_test(tests/core SOURCES a_test.cc DEPENDS core [LIBS ...] [LABELS threads])
function(rastro_test folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBS;LABELS")
  string(REPLACE "/" "_" target "${folder}")
  set(target "${target}_test")
  foreach(dep IN LISTS arg_DEPENDS)
    string(REPLACE "/" "_" dep_target "rastro_${dep}")
    if(NOT TARGET ${dep_target})
      message(FATAL_ERROR "${folder}: no library ${dep}")
    endif()
  endforeach()
  add_executable(${target} ${arg_SOURCES})
  foreach(dep IN LISTS arg_DEPENDS)
    string(REPLACE "/" "_" dep_target "rastro_${dep}")
    target_link_libraries(${target} PRIVATE ${dep_target})
  endforeach()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE RASTRO_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                               RASTRO_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${target} PRIVATE rastro_warnings GTest::gmock_main ${arg_LIBS})
  string(REPLACE "tests/" "" prefix "${folder}")
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(threads IN_LIST arg_LABELS)
    add_dependencies(threads_tests ${target})
  endif()
  if(RASTRO_SANITIZE)
    foreach(half 0 1)  # one for each core of the smallest machine
      add_test(NAME ${prefix}.${half} COMMAND ${target})
      set_tests_properties(${prefix}.${half} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 1800
                           ENVIRONMENT "GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=${half}")
    endforeach()
    return()
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${prefix}." DISCOVERY_TIMEOUT 120
                       PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
endfunction()
