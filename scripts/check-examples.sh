#!/usr/bin/env bash
# The examples, each in an empty folder, with the commands of its page in docs/clients and nothing else of
# this repository but what the npm package carries: they say what examples/expected.txt says. Then the
# services of examples/testing, with the commands of docs/testing.md, beside a simulator. Needs
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

# The commands of a page: its blocks that are marked so, in order.
commands() {
  awk -v mark="\`\`\`$2" '/^```/{code = $0 == mark; next} code' "$root/docs/$1.md"
}

# Follows the page beside the example's files, with the package's protos.
example() {
  local language=$1
  cp -r "examples/$language" "$work/$language" && cd "$work/$language" &&
    ln -s "$work"/package/{proto,third_party,buf.yaml} . &&
    commands "clients/$language" sh >commands && [ -s commands ] &&
    PACKAGE=$(echo "$work"/*.tgz) bash -euo pipefail commands | sed "s/\x1b\[[0-9;]*m//g" | grep . >transcript &&
    tail -n "$(wc -l <"$root/examples/expected.txt")" transcript | diff "$root/examples/expected.txt" -
}

# Follows docs/testing.md beside the example, whose stubs it takes.
tested() {
  local language=$1
  mkdir -p "$work/testing" && cp -r examples/testing/{answers.yaml,with-sidecar.sh,"$language"} "$work/testing" &&
    cd "$work/testing/$language" && commands testing "sh $language" >commands && [ -s commands ] &&
    TAMMA_PROGRAM="node $work/package/dist/main.js" bash -euo pipefail commands
}

[ $# -gt 0 ] || set -- typescript python go java
check "package" pack
start_sidecar
for language; do
  check "$language" example "$language"
  [ ! -d "examples/testing/$language" ] || check "$language, tests of a service" tested "$language"
done
[ "$failures" -eq 0 ]
