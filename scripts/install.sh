# Sourced by run.sh and test.sh in the checkout's folder: "npm ci", unless this lock file is installed already.
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
  if ! command -v npm >/dev/null 2>&1; then
    echo "llm-proxy: npm was not found. Install Node.js 20 or later, which brings it." >&2
    exit 1
  fi
  echo "Installing packages (once) ..." >&2
  npm ci --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json "$stamp"
fi
