#!/usr/bin/env bash
# Prints what kustomize makes of a folder: kubectl's where there is one, else its own, by Go's module proxy.
set -euo pipefail

if command -v kubectl >/dev/null; then
  exec kubectl kustomize "$1"
fi
exec go run sigs.k8s.io/kustomize/kustomize/v5@v5.5.0 build "$1"
