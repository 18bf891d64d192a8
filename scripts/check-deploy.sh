#!/usr/bin/env bash
# Renders each folder of deploy/kubernetes and validates what comes of it against the schemas of
# Kubernetes. PodMonitor is the Prometheus operator's, which the validator does not know.
set -euo pipefail
cd "$(dirname "$0")/.."

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/venv"
"$temporary/venv/bin/pip" install -q --disable-pip-version-check kubernetes-validate==1.37.0

render() {
  if command -v kubectl >/dev/null; then
    kubectl kustomize "$1"
  else
    go run sigs.k8s.io/kustomize/kustomize/v5@v5.5.0 build "$1"
  fi
}

for folder in example job job-dispose shared redis; do
  render "deploy/kubernetes/$folder" >"$temporary/$folder.yaml"
  "$temporary/venv/bin/kubernetes-validate" --strict "$temporary/$folder.yaml"
done
render deploy/kubernetes/monitoring >/dev/null
