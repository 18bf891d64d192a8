#!/usr/bin/env bash
# The demo works without a key, a start without one says what is missing, and no key is ever shown.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
unset OPENAI_API_KEY OPENAI_API_KEY_FILE OPENAI_BASE_URL TAMMA_CONFIG

output=$(mktemp)
trap 'rm -f "$output"' EXIT
failures=0

fail() {
  printf 'FAIL  %s\n' "$1"
  sed 's/^/      /' "$output"
  failures=$((failures + 1))
}

# Runs a command and keeps what it prints; the first argument is the expected exit code, or `not-0`.
run() {
  local expected=$1 code=0
  shift
  "$@" >"$output" 2>&1 || code=$?
  if [ "$expected" = not-0 ] && [ "$code" -ne 0 ]; then return; fi
  [ "$code" = "$expected" ] || fail "$*: exit code $code"
}

shows() {
  if grep -Eiq -- "$2" "$output"; then printf 'ok    %s\n' "$1"; else fail "$1"; fi
}

hides() {
  if grep -Eq -- "$2" "$output"; then fail "$1"; else printf 'ok    %s\n' "$1"; fi
}

run 0 npm run demo
shows 'the demo says that the endpoint is simulated' 'simulated'
shows 'it shows the finish reason' '^finish reason +STOP$'
shows 'its answer goes on where it was cut off' '✂'
shows 'and is whole' '^cut off +at ✂, and went on there: nothing lost, nothing twice, attempts: 1$'
shows 'it shows the usage' '^usage +[1-9][0-9]* tokens in, [1-9][0-9]* out'
shows 'it shows the trace id and finds it in the log' '^trace id +[0-9a-f]{32} .*log'
shows 'it shows how to do the same with grpcurl' '^grpcurl -plaintext -d .* 127\.0\.0\.1:[0-9]+ tamma\.'

run not-0 npm start
shows 'a start without a key names OPENAI_API_KEY' '^configuration: OPENAI_API_KEY: '
hides 'and prints no stack' '^ +at '
[ "$(grep -c '^configuration: ' "$output")" -eq 1 ] || fail 'in one sentence'

# What is missing is one sentence, whatever Node.js is there.
bare=$(mktemp -d)
mkdir "$bare/scripts" && cp package.json .npmrc "$bare" && cp scripts/require-install.cjs "$bare/scripts"
for command in start test 'run demo' 'run check' 'run build' 'run test:long'; do
  # shellcheck disable=SC2086
  run not-0 npm --silent --prefix "$bare" $command
  shows "npm $command without npm ci says what to do" '^Nothing is installed yet: run `npm ci` first\.$'
  [ "$(wc -l <"$output")" -eq 1 ] || fail 'in one line'
done
rm -r "$bare"

key='sk-check-0123456789abcdef'
run 0 env OPENAI_API_KEY="$key" npm start -- --check-config
shows '--check-config shows the configuration' '^baseUrl: https://'
hides 'and not the key' "$key"

[ "$failures" -eq 0 ]
