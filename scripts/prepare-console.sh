#!/bin/sh
# Installs the packages of the console and builds it into console/dist, unless that is done. The gateway serves the console from there.
# It writes nothing while all goes well.
set -eu
cd "$(dirname "$0")/.."
[ -f console/package-lock.json ] || exit 0

# What the build depends on, as one number.
inputs() {
  find console/src console/build.ts console/package.json console/package-lock.json src/console/page src/config/schema/limit-words.ts -type f | LC_ALL=C sort | xargs cat | cksum
}

# A checkout in which the tests run needs the packages that check the pages, too.
if [ -f node_modules/.installed-all ]; then
  omit=
  mark=.installed-all
else
  omit=--omit=dev
  mark=.installed
fi
is_installed() {
  cmp -s console/package-lock.json console/node_modules/$mark
}

wanted=$(inputs)
if { [ -n "$omit" ] || is_installed; } && [ -f console/dist/index.html ] && [ "$(cat console/dist/.inputs 2>/dev/null)" = "$wanted" ]; then exit 0; fi

# One build at a time; one that was interrupted is forgotten after five minutes.
find console/.building -maxdepth 0 -mmin +5 -exec rmdir {} \; 2>/dev/null || true
mkdir console/.building 2>/dev/null || exit 0
trap 'rmdir console/.building' EXIT
trap 'exit 1' INT TERM

log=$(mktemp)
if {
  is_installed || {
    (cd console && npm ci $omit --no-fund --no-audit --loglevel=error) &&
      cp console/package-lock.json console/node_modules/$mark
  }
} >"$log" 2>&1 && node_modules/.bin/bun console/build.ts >>"$log" 2>&1; then
  printf '%s\n' "$wanted" >console/dist/.inputs
  rm -f "$log"
  exit 0
fi
echo "llm-proxy: the console could not be built; the gateway serves without it. scripts/prepare-console.sh tries again." >&2
tail -n 5 "$log" >&2
rm -f "$log"
exit 1
