#!/usr/bin/env bash
# Measures every figure that is claimed, on the built release, and prints the table of
# docs/benchmarks.md.
#   scripts/bench.sh [--check] [DIRECTORY]
# --check: exits non-zero where a target is missed. DIRECTORY: on the disk to measure (default: build).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

check=
base=$PWD/build
for option in "$@"; do
  case "$option" in
    --check) check=--check ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) base=$option ;;
  esac
done

configure release ON
compile release troupe provider_fake troupe_bench
work=$(mktemp -d "$base/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
fake=$(find build/release/tests -name provider_fake -type f -executable)
bench=$(find build/release/tests -name troupe_bench -type f -executable)
"$bench" build/release/troupe "$fake" "$work" $check
