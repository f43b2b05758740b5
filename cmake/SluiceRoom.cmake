# A room of the kernel is one static library, named sluice_<room>; its tests are one executable.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)

if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  if(SLUICE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio has a fence, which this sanitizer does not model
  endif()
  if(SLUICE_SANITIZE STREQUAL "address")
    add_compile_options(-fsanitize=undefined -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=undefined)
    if(SLUICE_FUZZ)
      add_compile_options(-fsanitize=fuzzer-no-link)
    endif()
  endif()
endif()

add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                        BOOST_BEAST_SEPARATE_COMPILATION BOOST_DLL_USE_STD_FS)

set(SLUICE_WARNINGS -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND SLUICE_WARNINGS -Wshadow=local
       -Wno-restrict) # GCC 12 sees overlaps that cannot be (its bug 105651)
endif()

# sluice_add_room(NAME SOURCES a.cpp ... LINK private ... USES public rooms ...)
function(sluice_add_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;USES" ${ARGN})
  add_library(sluice_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(sluice_${name} PUBLIC ${CMAKE_SOURCE_DIR}/kernel)
  target_compile_options(sluice_${name} PRIVATE ${SLUICE_WARNINGS})
  target_link_libraries(sluice_${name} PUBLIC Sluice::sdk ${ROOM_USES}
                        PRIVATE ${ROOM_LINK} Threads::Threads)
endfunction()

# sluice_add_room_test(NAME SOURCES a_test.cpp ... LINK rooms ... [PREFIX text]): GoogleTest cases of
# one room. PREFIX: before their names, when one file is built twice.
function(sluice_add_room_test name)
  if(NOT SLUICE_TESTS)
    return()
  endif()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  cmake_parse_arguments(TEST "" "PREFIX" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/kernel ${CMAKE_SOURCE_DIR})
  target_compile_options(${name}_test PRIVATE ${SLUICE_WARNINGS})
  target_compile_definitions(${name}_test PRIVATE
    SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" SLUICE_BINARY_DIR="${CMAKE_BINARY_DIR}"
    SLUICE_PLUGIN_DIR="${SLUICE_PLUGIN_DIRECTORY}")
  target_link_libraries(${name}_test PRIVATE ${TEST_LINK} GTest::gtest GTest::gtest_main
                        Threads::Threads)
  gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${TEST_PREFIX}"
                       PROPERTIES TIMEOUT 300)
endfunction()
