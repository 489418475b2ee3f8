# Sourced by test.sh: brings the real servers that tests talk to, where this user may install packages. A test whose server
# can't be had says so and is skipped.
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
