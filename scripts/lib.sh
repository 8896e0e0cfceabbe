# shellcheck shell=bash
# What the scripts share. Sourced from the root of the repository.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# ccache would otherwise miss on every file that uses a precompiled header.
export CCACHE_SLOPPINESS=pch_defines,time_macros

# Building needs the privately unpacked packages; with them there, nothing is checked again.
set_up_if_missing() {
  local unpacked=(build/deps/.unpacked-*)
  if [ ! -e "${unpacked[0]}" ] || ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
    scripts/setup.sh
  fi
}

# configure PRESET TESTS: TESTS is ON, or empty to leave what was chosen before (OFF at first).
configure() {
  local preset=$1 tests=$2 dir=build/$1 arguments=()
  if [ -n "$tests" ]; then
    grep -qs "^TROUPE_TESTS:BOOL=$tests\$" "$dir/CMakeCache.txt" ||
      arguments=("-DTROUPE_TESTS=$tests")
  elif [ ! -e "$dir/CMakeCache.txt" ]; then
    arguments=(-DTROUPE_TESTS=OFF)
  fi
  # Ninja runs CMake again by itself when a CMakeLists.txt changes, but not for the presets.
  if [ ${#arguments[@]} -gt 0 ] || [ ! CMakePresets.json -ot "$dir/build.ninja" ]; then
    mkdir -p build
    if ! cmake --preset "$preset" "${arguments[@]}" >"build/.configure-$preset.log" 2>&1; then
      cat "build/.configure-$preset.log" >&2
      die "configuring '$preset' failed"
    fi
  fi
}

# compile PRESET TARGET…: with BUILD_QUIET=1 progress is one line on a terminal and nothing elsewhere;
# what fails is always printed whole.
compile() {
  local dir=build/$1 quiet=()
  shift
  if [ "${BUILD_QUIET:-}" = 1 ]; then
    if ninja -C "$dir" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return; fi
    [ -t 1 ] || quiet=(--quiet)
  fi
  NINJA_STATUS='[%f/%t] ' ninja -C "$dir" -j"$(nproc)" "${quiet[@]}" "$@" ||
    die "the build failed; the compiler's messages are above"
}
