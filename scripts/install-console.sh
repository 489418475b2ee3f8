# Sourced by test.sh: installs what the console and its tests need into console/node_modules, and builds the console.
install_console() {
  if ! cmp -s console/package-lock.json console/node_modules/.installed-all 2>/dev/null; then
    echo "Installing the packages of the console (once) ..." >&2
    (cd console && npm ci --no-fund --no-audit --loglevel=error >&2)
    cp console/package-lock.json console/node_modules/.installed-all
    cp console/package-lock.json console/node_modules/.installed
  fi
  scripts/prepare-console.sh
}
