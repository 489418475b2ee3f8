# Sourced by test.sh: installs what the console and its tests need into console/node_modules, and builds the console.
install_console() {
  cmp -s console/package-lock.json console/node_modules/.installed-all 2>/dev/null ||
    echo "Installing the packages of the console (once) ..." >&2
  scripts/prepare-console.sh
}
