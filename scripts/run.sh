#!/usr/bin/env bash
# From a fresh checkout to a running gateway: sets up, builds, starts. Options go to the gateway,
# which prints where to connect, with what token, and the command to talk to it:
#   scripts/run.sh --port 18790 --state-dir /tmp/troupe
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# A relative --state-dir or --config means the caller's directory, so only the steps below move.
(
  cd "$root"
  . scripts/lib.sh
  scripts/setup.sh
  [ -x build/release/troupe ] || echo "run: building the gateway; the first time takes some minutes"
  BUILD_QUIET=1 scripts/build.sh release
)
exec "$root/build/release/troupe" gateway run "$@"
