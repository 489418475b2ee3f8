#!/bin/sh
# Prints the packages that the program is made of, as CycloneDX. "npm sbom --omit=dev" leaves out those that tests use as
# well, so npm is given a copy of the project without tests. Only the lock file is read: no network is needed.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The document has the folder's name.
mkdir "$folder/llm-proxy"
cd "$folder/llm-proxy"
cp "$root/package.json" "$root/package-lock.json" "$root/.npmrc" .
npm pkg delete devDependencies
npm install --package-lock-only --offline --silent >&2
npm sbom --package-lock-only --sbom-format=cyclonedx
