#!/usr/bin/env bash
# with-sidecar.sh ANSWERS COMMAND...: runs a command beside a sidecar whose upstream is the simulator. The
# command finds the sidecar in TAMMA_ADDRESS; TAMMA_PROGRAM is the program, if it is not on the PATH.
set -euo pipefail
program=${TAMMA_PROGRAM:-tamma-provider-openai}
answers=${1:?it needs ANSWERS and COMMAND}
shift
notes=$(mktemp -d)
stop() {
  kill $(jobs -p) 2>/dev/null || true
  wait
  rm -rf "$notes"
}
trap stop EXIT

# Runs the program with these variables: what the shell has of them is for another sidecar.
sidecar=(OPENAI_API_KEY=none TAMMA_LISTEN=127.0.0.1:0 TAMMA_ADMIN_LISTEN=127.0.0.1:0)
run() {
  unset "${!TAMMA_@}" "${!OPENAI_@}"
  exec env "${sidecar[@]}" $program "$@"
}

# Says where the process in the background listens, as soon as it does.
address_of() {
  until grep -qs '^listening on ' "$notes/$1"; do
    kill -0 "$2" 2>/dev/null || { cat "$notes/$1.log" >&2; return 1; }
    sleep 0.1
  done
  sed -n '1s/^listening on //p' "$notes/$1"
}

run simulate "$answers" --listen 127.0.0.1:0 >"$notes/simulator" 2>"$notes/simulator.log" &
sidecar+=("OPENAI_BASE_URL=$(address_of simulator $!)")
run serve >"$notes/sidecar" 2>"$notes/sidecar.log" &
TAMMA_ADDRESS=$(address_of sidecar $!)
export TAMMA_ADDRESS

status=0
"$@" || status=$?
# Which rule answered each request.
[ "$status" -eq 0 ] || cat "$notes/simulator.log" >&2
exit "$status"
