# Sourced by test.sh: brings the agents whose sessions test/clients plays, at the versions in test/clients/package.json. They are
# programs of up to 400 MB, which only tests need, and so no packages of this checkout.

# Into node_modules, so that it is removed and made again with the other packages. Takes about 20 s.
install_clients() {
  install_programs node_modules/.clients test/clients/package.json
}

# Those that only "npm run test:agents" plays. Takes a few minutes; aider needs Python.
install_more_clients() {
  install_programs node_modules/.clients-more test/clients/more/package.json
  python=node_modules/.clients-more/.python
  if [ -x "$python/bin/aider" ] || ! command -v python3 >/dev/null; then return; fi
  echo "Installing aider for the tests (once) ..." >&2
  python3 -m venv "$python" && "$python/bin/pip" install -q --disable-pip-version-check -r test/clients/more/requirements.txt >&2 ||
    echo "aider could not be installed: its sessions will be skipped." >&2
}

install_programs() {
  clients=$1
  wanted=$2
  if cmp -s "$wanted" "$clients/.installed" 2>/dev/null; then return; fi
  echo "Installing agents for the tests (once) ..." >&2
  rm -rf "$clients"
  mkdir -p "$clients"
  cp "$wanted" "$clients/package.json"
  if npm install --prefix "$clients" --no-package-lock --no-fund --no-audit --loglevel=error >&2; then
    cp "$wanted" "$clients/.installed"
  else
    echo "The agents could not be installed: their sessions will be skipped." >&2
  fi
}
