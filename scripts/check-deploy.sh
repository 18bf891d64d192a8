#!/usr/bin/env bash
# Renders each folder of deploy/kubernetes and validates what comes of it against the schemas of
# Kubernetes. What is for the Prometheus operator the validator does not know; it is read as the operator's own types.
set -euo pipefail
cd "$(dirname "$0")/.."

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/venv"
"$temporary/venv/bin/pip" install -q --disable-pip-version-check kubernetes-validate==1.37.0

for folder in example job job-dispose shared redis; do
  scripts/kustomize.sh "deploy/kubernetes/$folder" >"$temporary/$folder.yaml"
  "$temporary/venv/bin/kubernetes-validate" --strict "$temporary/$folder.yaml"
done
scripts/kustomize.sh deploy/kubernetes/monitoring >"$temporary/monitoring.yaml"
(cd test/deploy/operator && go run .) <"$temporary/monitoring.yaml"
