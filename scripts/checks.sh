# What check-clients.sh and check-examples.sh have in common. They source it in the folder of the repository,
# and end with `[ "$failures" -eq 0 ]`. $work is a folder that is gone when they end.
PATH="$PWD/node_modules/.bin:$PATH"
# A proxy cannot reach this machine's loopback.
export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"

work=$(mktemp -d)
started=()
clean_up() {
  local one
  for one in "${started[@]}"; do
    kill "$one" 2>/dev/null
    wait "$one"
  done
  # What Go keeps of modules is read-only.
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

# start NAME WORDS SCRIPT [ARGUMENTS]: starts a script of Node.js, with its output in $work/NAME, and waits
# until a line of it begins with WORDS.
start() {
  local output=$work/$1 words=$2 process
  shift 2
  node "$@" >"$output" 2>"$output-errors" &
  process=$!
  started+=("$process")
  until grep -qs "^$words" "$output"; do
    if ! kill -0 "$process" 2>/dev/null; then
      cat "$output-errors"
      exit 1
    fi
    sleep 0.1
  done
}
