# Every package the rooms may link. A room links only what its row of ARCHITECTURE.md allows.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(CAF 0.17.6 EXACT REQUIRED)
find_package(LMDB REQUIRED)

# libraft 0.22.1 and msgpack-c are unpacked privately by scripts/setup.sh: the first comes from
# backports, the second conflicts with Boost 1.81 in Debian 12.
set(root "${TROUPE_DEPS_DIR}/root/usr")
if(NOT EXISTS "${root}/include/raft.h" OR NOT EXISTS "${root}/include/msgpack.hpp")
  message(FATAL_ERROR "libraft and msgpack are not in ${TROUPE_DEPS_DIR}: run scripts/setup.sh first")
endif()
# Only these two headers are taken from there, never a system-wide include directory.
add_library(troupe_msgpack INTERFACE)
target_include_directories(troupe_msgpack SYSTEM INTERFACE "${root}/include")
target_compile_definitions(troupe_msgpack INTERFACE MSGPACK_NO_BOOST)

add_library(troupe_libraft STATIC IMPORTED)
set_target_properties(troupe_libraft PROPERTIES
  IMPORTED_LOCATION "${root}/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libraft.a"
  INTERFACE_INCLUDE_DIRECTORIES "${root}/include")

# The compiled spdlog brings fmt along.
add_library(troupe_spdlog INTERFACE)
target_link_libraries(troupe_spdlog INTERFACE spdlog::spdlog)

# Linked whole: it must be there before the C library's own malloc is looked at.
find_library(TROUPE_JEMALLOC NAMES libjemalloc_pic.a REQUIRED)
add_library(troupe_jemalloc INTERFACE)
target_link_libraries(troupe_jemalloc INTERFACE
  "$<LINK_LIBRARY:WHOLE_ARCHIVE,${TROUPE_JEMALLOC}>" Threads::Threads ${CMAKE_DL_LIBS})
