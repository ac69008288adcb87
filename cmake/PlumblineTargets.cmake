# One library per folder, one test program per folder, the same flags everywhere.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_program(PLUMBLINE_MOLD mold)
if(PLUMBLINE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(PLUMBLINE_CCACHE ccache)
if(PLUMBLINE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${PLUMBLINE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PLUMBLINE_CCACHE}")
endif()

# Every target sees this. -ffp-contract=off: a fused multiply-add rounds once where two operations round twice, and whether
# the compiler fuses depends on the instruction set; decisions must not.
add_library(plumbline_flags INTERFACE)
target_compile_options(plumbline_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Werror -ffp-contract=off -fno-strict-aliasing)
target_include_directories(plumbline_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
target_link_libraries(plumbline_flags INTERFACE Threads::Threads)
# GCC 12 reports false positives of these under the sanitizers and at -O2 on std::variant and std::expected.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(plumbline_flags INTERFACE -Wno-maybe-uninitialized -Wno-tsan)
endif()
# See there why.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  add_library(plumbline_c11_threads SHARED "${CMAKE_CURRENT_LIST_DIR}/tsan/c11_threads.c")
  set_target_properties(plumbline_c11_threads PROPERTIES C_STANDARD 11)
  target_link_libraries(plumbline_flags INTERFACE plumbline_c11_threads)
endif()
# clang calls the buffer within GCC 12's own std::stable_sort deprecated.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(plumbline_flags INTERFACE -Wno-deprecated-declarations)
endif()

# plumbline_library(name [DEPS target...]): all *.cc of the current folder (not of folders below) as static library `name`.
# __int128 is needed for exact decimals; -Wpedantic would refuse it outside __extension__, which engine/base/int128.h handles.
function(plumbline_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  list(APPEND sources ${ARG_SOURCES})
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC plumbline_flags ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE plumbline_flags ${ARG_DEPS})
  endif()
endfunction()

# plumbline_timeout(test seconds): a test's time, longer where its program is slowed down by sanitizers or counters.
function(plumbline_timeout test seconds)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=|--coverage")
    math(EXPR seconds "10 * ${seconds}")
  endif()
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

# plumbline_tests(name [DEPS target...] [LABELS label...] [TIMEOUT seconds]): all *_test.cc of the current folder as one Catch2
# program, registered with ctest once per file's tags being left to Catch2. `-w NoTests`: a filter that matches nothing fails.
function(plumbline_tests name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc")
  if(NOT sources)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE plumbline_flags ${ARG_DEPS} Catch2::Catch2WithMain)
  add_test(NAME ${name} COMMAND ${name} -w NoTests --durations yes --min-duration 1 WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  plumbline_timeout(${name} ${ARG_TIMEOUT})
endfunction()

# plumbline_bench(name [DEPS target...]): all *_bench.cc of the current folder as one Google Benchmark program.
function(plumbline_bench name)
  if(NOT PLUMBLINE_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_bench.cc")
  if(NOT sources)
    return()
  endif()
  find_package(benchmark REQUIRED)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE plumbline_flags ${ARG_DEPS} benchmark::benchmark benchmark::benchmark_main)
endfunction()

# plumbline_fuzz(name [DEPS target...]): name_fuzz.cc of the current folder as a libFuzzer program (clang, preset fuzz).
function(plumbline_fuzz name)
  if(NOT PLUMBLINE_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name}_fuzz ${name}_fuzz.cc)
  target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzz PRIVATE plumbline_flags ${ARG_DEPS})
endfunction()
