#!/usr/bin/env bash
# Clients in other languages understand the sidecar: Python by reflection and by generated stubs, Go
# and Java by generated stubs, and grpcurl. What docs/clients.md says generates stubs does, and they
# compile. Needs Linux on x86-64, Python 3 with venv, Go, a JDK (17 or newer), Maven, and the modules
# of this repository.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
source scripts/checks.sh

GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
PROTOC_GEN_ES=@bufbuild/protoc-gen-es@2.17.0
SERVICE=tamma.provider.v1.IAIProvider
USAGE_SERVICE=tamma.provider.v1.IAIUsageProvider

prepare_python() {
  python3 -m venv "$work/venv" &&
    "$work/venv/bin/pip" install --quiet -r test/clients/python/requirements.txt \
      -r test/clients/python/generate-requirements.txt
}

# Fills $work/FOLDER/stubs by the command that docs/clients.md has under a heading.
generate() {
  local folder=$work/$1 command
  command=$(awk -v heading="## $2" \
    '/^## /{here = $0 == heading} /^```/{code = !code; next} here && code' docs/clients.md) &&
    [ -n "$command" ] && mkdir -p "$folder/stubs" &&
    ln -s "$PWD/proto" "$PWD/third_party" "$PWD/test" "$PWD/buf.yaml" "$folder" &&
    (cd "$folder" && PATH="$work/bin:$work/venv/bin:$PATH" bash -euc "$command")
}

generated_python() {
  generate python Python &&
    "$work/venv/bin/python" test/clients/python/generated_client.py "$address" "$work/python/stubs"
}

# What becomes of every RPC at every door, in the words of a client.
matrix() {
  "$@" "$work/doors" >"$work/matrix" && diff "$work/doors/expected" "$work/matrix"
}

# protoc, with the files of Google's own beside it as in its releases, and what Java needs.
prepare_protoc() {
  local runtime
  cp -r test/clients/java "$work/java" &&
    (cd "$work/java" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$work/jars") &&
    install -D "$work"/jars/protoc-[0-9]*.exe "$work/bin/protoc" &&
    install -D "$work"/jars/protoc-gen-grpc-java-*.exe "$work/bin/protoc-gen-grpc-java" &&
    runtime=$(echo "$work"/jars/protobuf-java-[0-9]*.jar) && mkdir "$work/include" &&
    (cd "$work/include" && jar xf "$runtime" $(jar tf "$runtime" | grep '\.proto$'))
}

generated_java() {
  local jars="$work/jars/*"
  generate java Java && cd "$work/java" &&
    find stubs -name '*.java' >sources &&
    javac -J-XX:TieredStopAtLevel=1 -proc:none -nowarn -d classes -cp "$jars" @sources Client.java DoorsClient.java &&
    java -cp "classes:$jars" Client "$address"
}

# Behind generated_java.
doors_java() {
  matrix java -cp "$work/java/classes:$work/jars/*" DoorsClient
}

type_checks() {
  echo '{"type":"module"}' >package.json &&
    tsc --noEmit --strict --module nodenext --target es2024 "$@" $(find stubs -name '*.ts')
}

generated_ts_proto() {
  ln -s "$PWD/node_modules" "$work/node_modules" && generate ts-proto 'TypeScript with ts-proto' &&
    cd "$work/ts-proto" && type_checks --types node --skipLibCheck
}

generated_protobuf_es() {
  npm install --silent --no-audit --no-fund --prefix "$work/protobuf-es" "$PROTOC_GEN_ES" &&
    PATH="$work/protobuf-es/node_modules/.bin:$PATH" \
      generate protobuf-es 'TypeScript with protobuf-es' &&
    cd "$work/protobuf-es" && type_checks
}

generated_others() {
  generate others 'C#, PHP, Ruby, C++' && cd "$work/others/stubs" &&
    grep '^namespace Tamma.Provider.V1 {' Provider.cs &&
    grep '^namespace Tamma\\Provider\\V1;' Tamma/Provider/V1/MessageRequest.php &&
    grep 'Tamma::Provider::V1' tamma/provider/v1/provider_pb.rb &&
    grep '^namespace tamma {' tamma/provider/v1/provider.pb.h
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

# Every command that a page shows, in a block or a line, at this address and this socket.
runs_as_written() {
  local page=$1 commands command
  commands=$(sed -n 's/^grpcurl .*/&/p; s/^- .*`\(grpcurl [^`]*\)`.*/\1/p' "$page") && [ -n "$commands" ] || return
  commands=${commands//127.0.0.1:50051/$address}
  commands=${commands//\/run\/tamma/$work\/sockets}
  while read -r command; do
    echo "$command" && PATH="$work/bin:$PATH" bash -c "$command" </dev/null || return
  done <<<"$commands"
}

# The command that the README shows, at this address; `completed` comes once, in the last message.
answers_like_readme() {
  local line
  line=$(grep -m 1 '^grpcurl .*/SendMessage$' README.md) &&
    PATH="$work/bin:$PATH" bash -c "${line/127.0.0.1:50051/$address}" >"$work/answer" &&
    [ "$(grep -c '^  "completed": {' "$work/answer")" -eq 1 ] &&
    [ "$(grep -E '^  "[a-zA-Z]+": \{' "$work/answer" | tail -n 1)" = '  "completed": {' ]
}

# Needs protoc-gen-go and protoc-gen-go-grpc, which the module names with their versions.
generated_go() {
  local folder=$1 heading=$2
  cp -r test/clients/go "$work/$folder" && generate "$folder" "$heading" && cd "$work/$folder" &&
    go vet . && go run . "$address"
}

# Behind generated_go.
doors_go() {
  cd "$work/go-protoc" && matrix go run ./doors
}

prepare_go() {
  cd test/clients/go && GOBIN="$work/bin" go install tool
}

mkdir "$work/sockets"
start sidecar 'listening on ' test/clients/sidecar.ts "$work/sockets"
address=$(sed -n 's/^listening on //p' "$work/sidecar")
mkdir "$work/doors"
start doors-sidecar ready test/clients/doors-sidecar.ts "$work/doors"
check 'python: packages' prepare_python
check 'python: reflection alone' "$work/venv/bin/python" test/clients/python/check_reflection.py "$address"
check 'python: generated stubs' generated_python
check 'python: every door' matrix "$work/venv/bin/python" test/clients/python/check_doors.py
check 'grpcurl: install' env GOBIN="$work/bin" go install "$GRPCURL"
check 'grpcurl: list' lists_services
check 'grpcurl: describe' describes_services
check 'grpcurl: health' is_healthy
check "grpcurl: the README's SendMessage" answers_like_readme
check 'grpcurl: GetBudgets' shows_budgets
check 'grpcurl: README.md as written' runs_as_written README.md
check 'grpcurl: docs/clients/grpcurl.md as written' runs_as_written docs/clients/grpcurl.md
check 'grpcurl: docs/operations.md as written' runs_as_written docs/operations.md
check 'protoc: install' prepare_protoc
check 'go: plugins' prepare_go
check 'go: generated stubs' generated_go go-protoc Go
check 'go: every door' doors_go
check 'go: generated stubs with buf' generated_go go-buf 'Go with buf'
check 'java: generated stubs' generated_java
check 'java: every door' doors_java
check 'typescript: generated stubs, ts-proto' generated_ts_proto
check 'typescript: generated stubs, protobuf-es' generated_protobuf_es
check 'c#, php, ruby, c++: generated stubs' generated_others
[ "$failures" -eq 0 ]
