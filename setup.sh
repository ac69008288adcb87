#!/bin/bash
# Sets Plumbline up on a bare Debian 12 and, when asked, builds and runs it. May be run again at any time; what is there already
# is left alone.
#
#   ./setup.sh          install what the build, the tests and the demo need (root, when packages are missing)
#   ./setup.sh demo     set up, build, run the main job: `plumbline demo` on the embedded log (further arguments go to it)
#   ./setup.sh bench    set up, build, print events a second and nanoseconds by stage: 10,000 and 1,000,000 patients from the log,
#                       10,000 through a Kafka broker of its own (further arguments go to each run)
#   ./setup.sh fuzz N   set up with clang, build every fuzz target with sanitizers, run each N seconds (default 60); what they find is
#                       kept in build/fuzz
#   ./setup.sh test     set up, build, run every test, those with real Kafka, Prometheus and Alertmanager included
#   ./setup.sh test asan | tsan | coverage
#                       the same tests, built with the address and undefined-behaviour sanitizers, the thread sanitizer, or counters of
#                       lines (report in build/coverage/report); further arguments go to ctest: ./setup.sh test tsan -R run_test
#
# Servers for the tests are unpacked into build/tools (another folder: PLUMBLINE_TOOLS); nothing is enabled or started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

tools=$(realpath -m "${PLUMBLINE_TOOLS:-build/tools}")
export PLUMBLINE_TOOLS=$tools
jobs=$(nproc)

packages=(
  # build
  g++ cmake ninja-build ccache mold pkg-config git python3 ca-certificates clang-format
  # libraries
  libssl-dev libsleef-dev libxxhash-dev zlib1g-dev libzstd-dev
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libflatbuffers-dev flatbuffers-compiler libsimdjson-dev libyaml-cpp-dev libpugixml-dev libre2-dev
  libhowardhinnant-date-dev tzdata libeigen3-dev
  librocksdb-dev librdkafka-dev prometheus-cpp-dev
  libspdlog-dev libcli11-dev
  # tests and benchmarks
  catch2 libbenchmark-dev openjdk-17-jre-headless maven
)

say() { printf '== %s\n' "$*"; }
die() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }

# try N COMMAND...: a mirror that hiccups once is no reason to fail.
try() {
  local left=$1
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    say "again: $*"
    sleep 5
  done
}

apt_ready=0
apt_update() {
  [ "$apt_ready" = 1 ] && return
  [ "$(id -u)" = 0 ] || die "packages are missing: run ./setup.sh once as root"
  try 3 apt-get -q update || die "apt-get update failed: is a Debian 12 mirror reachable?"
  apt_ready=1
}

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  apt_update
  mkdir -p /usr/share/man/man1 # the JRE's links go there; slim images lack it
  DEBIAN_FRONTEND=noninteractive try 3 apt-get -q -y install --no-install-recommends "${missing[@]}" ||
    die "apt-get install failed"
}

# unpack PACKAGE PROGRAM...: the Debian package's files below $tools/PACKAGE, without installing it (no service, no user).
unpack() {
  local package=$1 program whole=1
  shift
  for program in "$@"; do
    [ -x "$tools/$package/usr/bin/$program" ] || whole=0
  done
  [ "$whole" = 1 ] && return
  say "unpacking $package"
  apt_update
  rm -rf "$tools/$package" "$tools/$package.deb.d"
  mkdir -p "$tools/$package" "$tools/$package.deb.d"
  chmod 0777 "$tools/$package.deb.d" # apt downloads as its own user
  (cd "$tools/$package.deb.d" && try 3 apt-get -q download "$package") || die "cannot download $package"
  dpkg-deb -x "$tools/$package.deb.d"/*.deb "$tools/$package"
  rm -rf "$tools/$package.deb.d"
}

# Apache Kafka, pinned by tests/kafka/pom.xml: its jars in $tools/kafka/lib.
fetch_kafka() {
  local stamp=$tools/kafka/pom.sha256 sum
  sum=$(sha256sum <tests/kafka/pom.xml)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return
  say "fetching Apache Kafka"
  rm -rf "$tools/kafka"
  mkdir -p "$tools/kafka/lib"
  try 3 mvn -B -q -f tests/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$tools/kafka/lib" ||
    die "cannot fetch Apache Kafka with Maven"
  printf '%s\n' "$sum" >"$stamp"
}

# Debian's Alertmanager reads its message templates from one fixed place only.
place_templates() {
  local from=$tools/prometheus-alertmanager/usr/share/prometheus/alertmanager to=/usr/share/prometheus/alertmanager
  [ -f "$to/default.tmpl" ] && return
  [ -f "$from/default.tmpl" ] || die "no default.tmpl in $from"
  [ "$(id -u)" = 0 ] || die "$to/default.tmpl is missing: run ./setup.sh once as root"
  mkdir -p "$to"
  cp "$from"/*.tmpl "$to/"
}

set_up() {
  install_packages
  mkdir -p "$tools"
  unpack prometheus prometheus promtool
  unpack prometheus-alertmanager prometheus-alertmanager amtool
  place_templates
  fetch_kafka
  say "set up"
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  say "building ($preset)"
  cmake --preset "$preset" >build/configure.log 2>&1 || { cat build/configure.log; die "cmake failed"; }
  cmake --build --preset "$preset" -j "$jobs" --target "$@"
}

# run_fuzzers SECONDS: each target on a corpus of its own, which grows from run to run; one on each core.
run_fuzzers() {
  local result=0
  build fuzz $(grep -rhoE '^plumbline_fuzz\([a-z_]+' tests | sed 's/.*(//; s/$/_fuzz/')
  export -f run_fuzzer
  find build/fuzz/tests -name '*_fuzz' -type f -perm -u+x | sort | xargs -P "$jobs" -I{} bash -c 'run_fuzzer {} '"$1" || result=1
  [ "$result" = 0 ] || die "a fuzz target found something: its input is in build/fuzz, and the target takes it as an argument"
}

run_fuzzer() {
  local name log
  name=$(basename "$1")
  log=build/fuzz/$name.log
  mkdir -p "build/fuzz/corpus/$name"
  if "$1" -max_total_time="$2" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
    "build/fuzz/corpus/$name" >"$log" 2>&1; then
    printf '%s: %s inputs, nothing found\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  else
    tail -30 "$log"
    printf '%s found something\n' "$name"
    return 1
  fi
}

# The data the tests read beside this repository, where it is there.
shared=${PLUMBLINE_SHARED:-../shared}

# run_tests PRESET [CTEST ARGUMENT...]: without arguments, all of them.
run_tests() {
  local preset=$1 result=0 skips
  shift
  local all=build/$preset/Testing/Temporary/LastTest.log
  say "testing ($preset)"
  ctest --preset "$preset" --no-tests=error -j "$jobs" "$@" | tee build/ctest.log || result=1
  # A test that cannot run says `SKIPPED name: reason`, or `SKIPPED (shared data) name: reason` where the data beside this repository
  # are what it lacks. After set-up the first is a failure, the second only where they are there.
  skips=$(grep -ahoE 'SKIPPED .*' "$all" | sort -u || true)
  [ -d "$shared" ] || skips=$(grep -v '^SKIPPED (shared data) ' <<<"$skips" || true)
  if [ -n "$skips" ]; then
    printf '%s\n' "$skips"
    say "skipped although everything is set up: a failure"
    result=1
  fi
  if [ $# = 0 ]; then
    grep -qaE 'Test +#[0-9]+: kafka' build/ctest.log || { say "the tests with real Kafka did not run: a failure"; result=1; }
  fi
  grep -a 'tests passed' build/ctest.log || result=1
  [ "$result" = 0 ] || die "tests failed"
}

# Which lines of engine and connectors the tests run, by folder and file.
report_coverage() {
  mkdir -p build/coverage/report
  gcovr --root . --object-directory build/coverage -j "$jobs" --filter 'engine/' --filter 'connectors/' --exclude-unreachable-branches \
    --gcov-ignore-parse-errors --html-details build/coverage/report/index.html --txt build/coverage/report/lines.txt ||
    die "gcovr failed"
  tail -3 build/coverage/report/lines.txt
  say "lines by file: build/coverage/report/lines.txt, the lines themselves: build/coverage/report/index.html"
}

case "${1:-install}" in
  install) set_up ;;
  demo)
    shift
    set_up
    build release plumbline
    exec build/release/engine/app/plumbline demo "$@"
    ;;
  bench)
    shift
    set_up
    build release plumbline with_kafka
    plumbline=build/release/engine/app/plumbline
    "$plumbline" bench "$@"
    "$plumbline" bench --patients 1000000 --events 12000000 "$@"
    build/release/tests/kafka/with_kafka/with_kafka "$plumbline" bench --brokers '{brokers}' "$@"
    ;;
  fuzz)
    packages+=(clang-19 libclang-rt-19-dev)
    set_up
    run_fuzzers "${2:-60}"
    ;;
  test)
    preset=release
    shift
    case "${1:-}" in asan | tsan | coverage) preset=$1 && shift ;; esac
    [ "$preset" != coverage ] || packages+=(gcovr)
    set_up
    [ "$preset" != coverage ] || find build -path 'build/coverage/*' -name '*.gcda' -delete
    build "$preset" all
    run_tests "$preset" "$@"
    [ "$preset" != coverage ] || report_coverage
    ;;
  *) die "usage: ./setup.sh [demo|bench|fuzz|test]; the first lines of this file say more" ;;
esac
