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

# A GoogleTest program for the tests of one folder; every case becomes one ctest test.
#   rastro_test(tests/core SOURCES a_test.cc DEPENDS core [LIBS ...] [LABELS threads])
function(rastro_test folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBS;LABELS")
  string(REPLACE "/" "_" target "${folder}")
  set(target "${target}_test")
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
  gtest_discover_tests(${target} TEST_PREFIX "${prefix}." DISCOVERY_TIMEOUT 120
                       PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
endfunction()
