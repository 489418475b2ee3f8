# Sourced in the checkout's folder: installs what package-lock.json names, unless that is done.
# install run: what the program needs. install all: what its tests need as well.
install() {
  if cmp -s package-lock.json node_modules/.installed-all 2>/dev/null; then return; fi
  if [ "$1" = run ] && cmp -s package-lock.json node_modules/.installed-run 2>/dev/null; then return; fi
  if ! command -v npm >/dev/null 2>&1; then
    echo "llm-proxy: npm was not found. Install Node.js 20 or later, which brings it." >&2
    exit 1
  fi
  echo "Installing packages (once) ..." >&2
  omit=
  if [ "$1" = run ]; then omit=--omit=dev; fi
  npm ci $omit --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json "node_modules/.installed-$1"
}
