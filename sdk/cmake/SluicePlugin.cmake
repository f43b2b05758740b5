# SPDX-License-Identifier: Apache-2.0
# sluice_add_plugin(NAME SOURCES a.cpp ... [LINK libraries ...])
#
# One shared library NAME.so with exactly one exported symbol. Everything else stays hidden, because
# RTLD_LOCAL alone does not keep two plugins' symbols apart (docs/plugin-authoring.md says why).

set(SLUICE_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/sluice.map)

function(sluice_add_plugin name)
  cmake_parse_arguments(PLUGIN "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} MODULE ${PLUGIN_SOURCES})
  target_link_libraries(${name} PRIVATE Sluice::sdk ${PLUGIN_LINK})
  target_compile_features(${name} PRIVATE cxx_std_20)
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON LINK_DEPENDS ${SLUICE_PLUGIN_MAP})
  if(SLUICE_PLUGIN_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${SLUICE_PLUGIN_DIRECTORY})
  endif()
  target_link_options(${name} PRIVATE "LINKER:--version-script=${SLUICE_PLUGIN_MAP}"
    "LINKER:--exclude-libs,ALL" "LINKER:-z,relro" "LINKER:-z,now")
  if(NOT SLUICE_SANITIZE) # a sanitizer's symbols come from the executable
    target_link_options(${name} PRIVATE "LINKER:-z,defs")
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  elseif(CMAKE_CXX_FLAGS MATCHES "-stdlib=libc\\+\\+")
    target_link_options(${name} PRIVATE -static-libstdc++) # a second, dynamic C++ runtime is refused
  endif()
endfunction()
