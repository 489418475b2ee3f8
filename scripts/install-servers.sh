# Sourced by test.sh: brings the real programs that tests talk to, where this user may install packages. A test whose program
# can't be had says so and is skipped.
install_servers() {
  wanted=
  if ! command -v promtool >/dev/null 2>&1; then wanted="$wanted prometheus"; fi
  if ! command -v chromium >/dev/null 2>&1; then wanted="$wanted chromium"; fi
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
