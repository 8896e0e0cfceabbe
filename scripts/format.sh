#!/usr/bin/env bash
# Formats every C++ and C file with the repository's .clang-format; --check only tells which differ.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=-i
case "${1:-}" in
  "") ;;
  --check) mode=--dry-run ;;
  *)
    echo "format.sh: unknown option '$1'; usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
command -v clang-format >/dev/null ||
  { echo "format.sh: clang-format is missing; run scripts/setup.sh --tests" >&2; exit 1; }

# Tracked and new files, without those already deleted from the work tree.
mapfile -t files < <(git ls-files -co --exclude-standard -- '*.hpp' '*.cpp' '*.h' '*.c' |
  sort -u | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
[ ${#files[@]} -gt 0 ] || exit 0
printf '%s\0' "${files[@]}" |
  xargs -0 -n 16 -P "$(nproc)" clang-format --Werror "$mode"
