#!/usr/bin/env bash
# The examples, each in an empty folder, with the commands of its page in docs/clients and nothing else of
# this repository but what the npm package carries: they say what examples/expected.txt says. Needs
# Linux on x86-64, Python 3 with venv, Go, a JDK (17 or newer), Maven, and the modules of this repository.
# Names of languages as arguments run only those.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
PATH="$root/node_modules/.bin:$PATH"
# A proxy cannot reach this machine's loopback.
export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"

work=$(mktemp -d)
sidecar=
clean_up() {
  if [ -n "$sidecar" ]; then
    kill "$sidecar" 2>/dev/null
    wait "$sidecar"
  fi
  chmod -R u+w "$work" && rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

failures=0
# Runs a check in a shell of its own; shows its output only if it fails.
check() {
  local name=$1 start=$SECONDS result=FAIL
  shift
  if ("$@") >"$work/output" 2>&1; then result=pass; fi
  printf '%s  %s (%d s)\n' "$result" "$name" $((SECONDS - start))
  if [ "$result" = FAIL ]; then
    sed 's/^/      /' "$work/output"
    failures=$((failures + 1))
  fi
}

# What a user has: the package as npm packs it.
pack() {
  npm run --silent build && npm pack --silent --pack-destination "$work" &&
    tar xzf "$work"/*.tgz -C "$work"
}

start_sidecar() {
  mkdir "$work/doors"
  node test/clients/sidecar.ts "$work/doors" >"$work/listening" 2>"$work/sidecar-errors" &
  sidecar=$!
  until grep -qs '^listening on ' "$work/listening"; do
    if ! kill -0 "$sidecar" 2>/dev/null; then
      cat "$work/sidecar-errors"
      exit 1
    fi
    sleep 0.1
  done
  export TAMMA_ADDRESS TAMMA_TLS_ADDRESS TAMMA_TOKEN
  export TAMMA_SOCKET=$work/doors/provider.sock TAMMA_CA=$work/doors/ca.pem
  TAMMA_ADDRESS=$(sed -n 's/^listening on //p' "$work/listening")
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
