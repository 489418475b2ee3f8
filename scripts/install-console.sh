# Sourced in the checkout's folder: installs what the console needs into console/node_modules, and bundles it into console/dist,
# unless that is done. The gateway needs neither and may start meanwhile.
# prepare_console run: what the bundle needs. prepare_console all: what its tests need as well.
prepare_console() {
  if ! cmp -s console/package-lock.json console/node_modules/.installed-all 2>/dev/null; then
    if [ "$1" = all ] || ! cmp -s console/package-lock.json console/node_modules/.installed-run 2>/dev/null; then
      omit=
      if [ "$1" = run ]; then omit=--omit=dev; fi
      (cd console && npm ci $omit --no-fund --no-audit --loglevel=error >&2) || return 1
      cp console/package-lock.json "console/node_modules/.installed-$1"
      rm -rf console/dist
    fi
  fi
  if [ -e console/dist/files.json ] &&
    [ -z "$(find console/src console/build.ts -newer console/dist/files.json | head -n 1)" ]; then
    return
  fi
  node_modules/.bin/bun console/build.ts
}
