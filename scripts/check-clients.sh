#!/usr/bin/env bash
# Clients in other languages understand the sidecar: Python and Go, by reflection and by generated
# stubs, and grpcurl. Needs Python 3 with venv, Go, and the modules of this repository.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
# A proxy cannot reach this machine's loopback.
export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"

GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
SERVICE=tamma.provider.v1.IAIProvider
USAGE_SERVICE=tamma.provider.v1.IAIUsageProvider

work=$(mktemp -d)
sidecar=
clean_up() {
  if [ -n "$sidecar" ]; then
    kill "$sidecar" 2>/dev/null
    wait "$sidecar"
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

failures=0
# Runs a check; shows its output only if it fails.
check() {
  local name=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    printf 'pass  %s\n' "$name"
  else
    printf 'FAIL  %s\n' "$name"
    sed 's/^/      /' "$work/output"
    failures=$((failures + 1))
  fi
}

start_sidecar() {
  node test/clients/sidecar.ts >"$work/listening" 2>"$work/sidecar-errors" &
  sidecar=$!
  until grep -q '^listening on ' "$work/listening"; do
    if ! kill -0 "$sidecar" 2>/dev/null; then
      cat "$work/sidecar-errors"
      exit 1
    fi
    sleep 0.1
  done
  address=$(sed -n 's/^listening on //p' "$work/listening")
}

prepare_python() {
  python3 -m venv "$work/venv" &&
    "$work/venv/bin/pip" install --quiet -r test/clients/python/requirements.txt \
      -r test/clients/python/generate-requirements.txt
}

generated_python() {
  mkdir "$work/python" &&
    "$work/venv/bin/python" -m grpc_tools.protoc --proto_path proto --proto_path third_party \
      --python_out "$work/python" --grpc_python_out "$work/python" proto/tamma/provider/v1/*.proto &&
    "$work/venv/bin/python" test/clients/python/generated_client.py "$address" "$work/python"
}

grpcurl() {
  "$work/bin/grpcurl" -plaintext "$@"
}

lists_services() {
  grpcurl "$address" list >"$work/services" && grep -qx "$SERVICE" "$work/services" &&
    grep -qx "$USAGE_SERVICE" "$work/services" && grep -qx grpc.health.v1.Health "$work/services"
}

describes_services() {
  grpcurl "$address" describe "$SERVICE" | grep 'rpc SendMessage' &&
    grpcurl "$address" describe "$USAGE_SERVICE" | grep 'rpc GetUsage'
}

shows_budgets() {
  grpcurl "$address" "$USAGE_SERVICE/GetBudgets" | grep '"name": "costManagement"'
}

is_healthy() {
  grpcurl "$address" grpc.health.v1.Health/Check | grep '"status": "SERVING"'
}

# The command that the README shows, at this address; `completed` comes once, in the last message.
answers_like_readme() {
  local line
  line=$(grep -m 1 '^grpcurl .*/SendMessage$' README.md) &&
    PATH="$work/bin:$PATH" bash -c "${line/127.0.0.1:50051/$address}" >"$work/answer" &&
    [ "$(grep -c '^  "completed": {' "$work/answer")" -eq 1 ] &&
    [ "$(grep -E '^  "[a-zA-Z]+": \{' "$work/answer" | tail -n 1)" = '  "completed": {' ]
}

generated_go() {
  cp -r test/clients/go "$work/go" &&
    (cd "$work/go" && GOBIN="$work/bin" go install tool) &&
    PATH="$work/bin:$PATH" buf generate --template test/clients/go/buf.gen.yaml -o "$work/go" &&
    (cd "$work/go" && go run . "$address")
}

start_sidecar
check 'python: packages' prepare_python
check 'python: reflection alone' "$work/venv/bin/python" test/clients/python/check_reflection.py "$address"
check 'python: generated stubs' generated_python
check 'grpcurl: install' env GOBIN="$work/bin" go install "$GRPCURL"
check 'grpcurl: list' lists_services
check 'grpcurl: describe' describes_services
check 'grpcurl: health' is_healthy
check "grpcurl: the README's SendMessage" answers_like_readme
check 'grpcurl: GetBudgets' shows_budgets
check 'go: generated stubs' generated_go
[ "$failures" -eq 0 ]
