# The one place for standard, warnings, sanitizers and linker. Every target links troupe_build.
add_library(troupe_build INTERFACE)
target_compile_features(troupe_build INTERFACE cxx_std_20)
target_include_directories(troupe_build INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(troupe_build INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror -fno-omit-frame-pointer
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual>)

if(TROUPE_SANITIZE)
  target_compile_options(troupe_build INTERFACE -fsanitize=${TROUPE_SANITIZE})
  target_link_options(troupe_build INTERFACE -fsanitize=${TROUPE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 with sanitizers reports members of std::optional and <regex> that are never read.
    target_compile_options(troupe_build INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# What no room uses of the libraries that are linked in is left out: an idle gateway is mostly text.
target_link_options(troupe_build INTERFACE LINKER:--gc-sections)

find_program(TROUPE_MOLD mold)
if(TROUPE_MOLD)
  # Code that only errors reach lies apart from the rest: an idle gateway does not page it in.
  target_link_options(troupe_build INTERFACE -fuse-ld=mold LINKER:-z,keep-text-section-prefix)
endif()

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${TROUPE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${TROUPE_CCACHE}")
  set(CMAKE_PCH_INSTANTIATE_TEMPLATES OFF)
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()

# troupe_library(NAME SOURCES … LINK …): a static library of one room (or part of one).
function(troupe_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC troupe_build ${arg_LINK})
endfunction()

# troupe_small(NAME): for a room that never runs while messages flow. Size is what it costs there.
function(troupe_small name)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(${name} PRIVATE -Os)
  endif()
endfunction()
