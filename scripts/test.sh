#!/usr/bin/env bash
# Sets up, builds and runs the tests; the last line is "N passed, N failed".
#   scripts/test.sh                  everything, on the release build
#   scripts/test.sh --asan           everything but tidy, under AddressSanitizer and UBSan
#   scripts/test.sh --tsan           unit and component tests of the rooms without CAF, under TSan
#   scripts/test.sh --fuzz [SECONDS] each fuzz target for SECONDS (default 10) from its corpus
#   scripts/test.sh --clients        OpenClaw's own programs, whole and unmodified, against the release build
#   scripts/test.sh --tidy [changed] clang-tidy over all product files, or those changed since main
# Other options go to ctest: -R REGEX, -L LABEL, -j N, …
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

mode=all
fuzz_seconds=10
tidy_scope=all
ctest_options=()
while [ $# -gt 0 ]; do
  case "$1" in
    --asan | --tsan | --clients) mode=${1#--} ;;
    --fuzz)
      mode=fuzz
      if [[ "${2:-}" =~ ^[0-9]+$ ]]; then fuzz_seconds=$2 && shift; fi
      ;;
    --tidy)
      mode=tidy
      if [[ "${2:-}" =~ ^(all|changed)$ ]]; then tidy_scope=$2 && shift; fi
      ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) ctest_options+=("$1") ;;
  esac
  shift
done

# Whatever happens, CI reads the last line; a build that fails is one failure.
passed=0
failed=1
trap 'echo "$passed passed, $failed failed"' EXIT

# count_results REPORT…: adds up what CTest wrote as JUnit XML.
count_results() {
  local counts
  counts=$(python3 - "$@" <<'PYTHON'
import sys, xml.etree.ElementTree as xml
totals = {"tests": 0, "failures": 0, "skipped": 0, "disabled": 0}
for report in sys.argv[1:]:
    suite = xml.parse(report).getroot()
    for key in totals:
        totals[key] += int(suite.get(key, 0))
left_out = totals["skipped"] + totals["disabled"]
print(totals["tests"] - totals["failures"] - left_out, totals["failures"], left_out)
PYTHON
  ) || die "cannot read the test report"
  read -r passed failed skipped <<<"$counts"
  [ "$skipped" = 0 ] || echo "$skipped skipped"
  if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
    failed=1
    die "no test was run"
  fi
}

# run_ctest PRESET TARGETS… -- CTEST_OPTIONS…
run_ctest() {
  local preset=$1 targets=() report
  shift
  while [ "$1" != -- ]; do targets+=("$1") && shift; done
  shift
  configure "$preset" ON
  compile "$preset" "${targets[@]}"
  report=$PWD/build/$preset/test-report.xml
  rm -f "$report"
  # Its exit status says no more than the report.
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j"$(nproc)" \
    --output-junit "$report" "$@" || true
  count_results "$report"
}

run_sanitized_core() {
  local targets=() pattern='' kind room
  configure tsan ON
  for kind in unit component; do
    for room in base config persistence cluster net; do
      [ -e "tests/$kind/$room/CMakeLists.txt" ] || continue
      targets+=("tests/$kind/$room/all")
    done
  done
  [ ${#targets[@]} -gt 0 ] || die "there are no tests of the rooms without CAF"
  pattern=$(python3 scripts/list_tests.py build/tsan "${targets[@]%/all}")
  [ -n "$pattern" ] || die "CTest knows no tests of the rooms without CAF"
  # Debian's libraries are not instrumented; what they do inside is not ours to judge.
  export TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS:-}"
  run_ctest tsan "${targets[@]}" -- -R "^($pattern)\$" "${ctest_options[@]}"
}

run_fuzzers() {
  local target name corpus found
  configure fuzz ""
  compile fuzz fuzz_targets
  passed=0 failed=0
  # Boost, libcurl and the like are not instrumented, so containers that cross over look broken.
  export ASAN_OPTIONS="detect_container_overflow=0 ${ASAN_OPTIONS:-}"
  while read -r target; do
    name=${target##*/fuzz_}
    corpus=tests/fuzz/corpus/$name
    found=build/fuzz/found/$name
    mkdir -p "$found"
    [ -d "$corpus" ] || die "the corpus $corpus is missing"
    echo "fuzz: $name for $fuzz_seconds s"
    if "$target" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
      -artifact_prefix="$found/crash-" -print_final_stats=1 -verbosity=0 "$found" "$corpus"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "fuzz: $name failed; the input is in $found" >&2
    fi
  done < <(find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -executable | sort)
  if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then failed=1 && die "there are no fuzz targets"; fi
}

run_clang_tidy() {
  local dir=build/tidy files=() results file
  # clang's own compile commands: it does not know all of g++'s options, nor its precompiled headers.
  if [ CMakePresets.json -nt "$dir/build.ninja" ] || [ ! -e "$dir/build.ninja" ]; then
    cmake --preset debug -B "$dir" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang \
      -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DTROUPE_TESTS=OFF >/dev/null
  else
    cmake "$dir" >/dev/null
  fi
  mapfile -t files < <(python3 scripts/list_sources.py "$dir" "$tidy_scope")
  passed=0 failed=0
  [ ${#files[@]} -gt 0 ] || { passed=1 && echo "tidy: nothing changed" && return; }
  results=$(mktemp -d)
  printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c '
    if clang-tidy --quiet -p "$1" "$3" >"$2/log.$$" 2>"$2/err.$$"; then
      rm -f "$2/log.$$" "$2/err.$$"
    else
      { echo "tidy: $3"; cat "$2/log.$$"; grep -E "error:" "$2/err.$$" || true; } >"$2/failed.$$"
    fi' _ "$dir" "$results" {}
  for file in "$results"/failed.*; do
    [ -e "$file" ] || continue
    failed=$((failed + 1))
    cat "$file"
  done
  passed=$((${#files[@]} - failed))
  rm -rf "$results"
}

case "$mode" in
  clients) scripts/setup.sh --clients ;;
  *) scripts/setup.sh --tests ;;
esac
case "$mode" in
  all) run_ctest release all -- "${ctest_options[@]}" ;;
  asan)
    export ASAN_OPTIONS="detect_leaks=1 strict_string_checks=1 ${ASAN_OPTIONS:-}"
    export UBSAN_OPTIONS="print_stacktrace=1 halt_on_error=1 ${UBSAN_OPTIONS:-}"
    run_ctest asan all -- -LE tidy "${ctest_options[@]}"
    ;;
  clients) run_ctest release troupe provider_fake -- -C clients -L '^clients$' "${ctest_options[@]}" ;;
  tsan) run_sanitized_core ;;
  fuzz) run_fuzzers ;;
  tidy) run_clang_tidy ;;
esac
[ "$failed" = 0 ]
