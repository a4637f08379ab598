# Helpers of the build. Every target gets the same warnings and hidden visibility.
set(RIDGE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wvla -Wno-format-nonliteral)

function(ridge_setup target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:${RIDGE_WARNINGS}>)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  set_target_properties(${target} PROPERTIES C_STANDARD 17 C_STANDARD_REQUIRED ON C_VISIBILITY_PRESET hidden
                        POSITION_INDEPENDENT_CODE ON)
endfunction()

# ridge_library(NAME SOURCES a.c ... LINK libs ...): static library ridge_NAME that sees harness/ headers.
function(ridge_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_library(ridge_${name} STATIC ${A_SOURCES})
  ridge_setup(ridge_${name})
  target_include_directories(ridge_${name} PUBLIC ${PROJECT_SOURCE_DIR}/harness)
  target_link_libraries(ridge_${name} PUBLIC ${A_LINK})
endfunction()

# ridge_plugin(NAME SOURCES ... LINK ...): shared object ridge-backend-NAME.so beside ridge-worker's plug-ins.
function(ridge_plugin name)
  cmake_parse_arguments(A "TEST_ONLY" "" "SOURCES;LINK" ${ARGN})
  add_library(ridge-backend-${name} MODULE ${A_SOURCES})
  ridge_setup(ridge-backend-${name})
  target_include_directories(ridge-backend-${name} PRIVATE ${PROJECT_SOURCE_DIR}/harness
                             ${PROJECT_SOURCE_DIR}/kernels ${PROJECT_SOURCE_DIR}/runners)
  target_link_libraries(ridge-backend-${name} PRIVATE ${A_LINK})
  set_target_properties(ridge-backend-${name} PROPERTIES PREFIX "")
  if(A_TEST_ONLY)
    set_target_properties(ridge-backend-${name} PROPERTIES
                          LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test-plugins)
  else()
    set_target_properties(ridge-backend-${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
    install(TARGETS ridge-backend-${name} DESTINATION lib/ridge/plugins)
  endif()
endfunction()

# ridge_test(NAME SOURCES ... LINK ...): executable + ctest entry with a time limit.
function(ridge_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  ridge_setup(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/harness ${PROJECT_SOURCE_DIR}/kernels
                             ${PROJECT_SOURCE_DIR}/reports ${PROJECT_SOURCE_DIR}/tests/unit ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${A_LINK})
  target_compile_definitions(${name} PRIVATE RIDGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             RIDGE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
