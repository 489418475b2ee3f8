# Sourced by test.sh: brings the real servers that tests talk to, where this user may install packages, and the Python
# libraries of the examples in the documents. A test whose server or library can't be had says so and is skipped.
install_servers() {
  if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Prometheus is not installed: the tests against a real one will be skipped." >&2
    return
  fi
  echo "Installing Prometheus for the tests (once) ..." >&2
  # Only the program is wanted, not its service.
  policy=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null 2>&1 ||
    echo "Prometheus could not be installed: the tests against a real one will be skipped." >&2
  if [ -n "$policy" ]; then rm -f "$policy"; fi
}

# Into node_modules, so that it is removed and made again with the other packages.
install_python_libraries() {
  python=node_modules/.python
  wanted=test/docs/requirements.txt
  if cmp -s "$wanted" "$python/.installed" 2>/dev/null; then return; fi
  if ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "Python with venv is not installed: examples in Python will be skipped." >&2
    return
  fi
  echo "Installing Python libraries for the examples in the documents (once) ..." >&2
  if python3 -m venv "$python" &&
    "$python/bin/pip" install --quiet --disable-pip-version-check --timeout 20 --retries 1 --requirement "$wanted"; then
    cp "$wanted" "$python/.installed"
  else
    echo "The Python libraries could not be installed: examples in Python will be skipped." >&2
  fi
}
