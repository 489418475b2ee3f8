# Sourced by test.sh: brings the agents whose sessions test/clients plays, at the versions in test/clients/package.json. They are
# programs of up to 400 MB, which only tests need, and so no packages of this checkout.

# Into node_modules, so that it is removed and made again with the other packages. Takes about 20 s.
install_clients() {
  clients=node_modules/.clients
  wanted=test/clients/package.json
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
