# Sourced. fresh_bundle ROOT: prints the folder of the bundle of the sources (scripts/bundle.ts). Prints nothing if there is none, or if a
# source has changed since it was begun. The time of change counts, since unpacked and copied files keep their time of modification.
fresh_bundle() {
  [ -f "$1/node_modules/.bundle/main.ts" ] || return 0
  bundle=$(cd "$1/node_modules/.bundle" && pwd -P)
  if [ -z "$(find "$1/src" "$1/package-lock.json" -cnewer "$bundle/.begun" 2>&1 | head -n 1)" ]; then echo "$bundle"; fi
}
