#!/usr/bin/env bash
# Builds the gateway: scripts/build.sh [debug|release|asan|tsan], release when nothing is named.
# The program is build/<preset>/troupe. BUILD_QUIET=1 shows only the last line of progress.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

preset=${1:-release}
case "$preset" in
  debug | release | asan | tsan) ;;
  *) die "unknown preset '$preset'; usage: scripts/build.sh [debug|release|asan|tsan]" ;;
esac
[ $# -le 1 ] || die "one preset at most; usage: scripts/build.sh [debug|release|asan|tsan]"

set_up_if_missing
# Tests need packages that the gateway does not; scripts/test.sh turns them on.
configure "$preset" ""
compile "$preset" troupe
[ "${BUILD_QUIET:-}" = 1 ] || echo "build/$preset/troupe"
