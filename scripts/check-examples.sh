#!/usr/bin/env bash
# The examples, each in an empty folder, with the commands of its page in docs/clients and nothing else of
# this repository but what the npm package carries: they say what examples/expected.txt says. Needs
# Linux on x86-64, Python 3 with venv, Go, a JDK (17 or newer), Maven, and the modules of this repository.
# Names of languages as arguments run only those.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
source scripts/checks.sh

# What a user has: the package as npm packs it.
pack() {
  npm run --silent build && npm pack --silent --pack-destination "$work" &&
    tar xzf "$work"/*.tgz -C "$work"
}

start_sidecar() {
  mkdir "$work/doors"
  start sidecar 'listening on ' test/clients/sidecar.ts "$work/doors"
  export TAMMA_ADDRESS TAMMA_TLS_ADDRESS TAMMA_TOKEN
  export TAMMA_SOCKET=$work/doors/provider.sock TAMMA_CA=$work/doors/ca.pem
  TAMMA_ADDRESS=$(sed -n 's/^listening on //p' "$work/sidecar")
  TAMMA_TLS_ADDRESS=$(cat "$work/doors/tls-address")
  TAMMA_TOKEN=$(cat "$work/doors/token")
}

# The commands of a page: its blocks that are marked `sh`, in order.
commands() {
  awk '/^```/{code = $0 == "```sh"; next} code' "$root/docs/clients/$1.md"
}

# Follows the page beside the example's files, with the package's protos.
example() {
  local language=$1
  cp -r "examples/$language" "$work/$language" && cd "$work/$language" &&
    ln -s "$work"/package/{proto,third_party,buf.yaml} . &&
    commands "$language" >commands && [ -s commands ] &&
    PACKAGE=$(echo "$work"/*.tgz) bash -euo pipefail commands | sed "s/\x1b\[[0-9;]*m//g" | grep . >transcript &&
    tail -n "$(wc -l <"$root/examples/expected.txt")" transcript | diff "$root/examples/expected.txt" -
}

[ $# -gt 0 ] || set -- typescript python go java
check "package" pack
start_sidecar
for language; do
  check "$language" example "$language"
done
[ "$failures" -eq 0 ]
