/**
 * Whether the value of a configured header is a secret, by the header's name or because it looks like a key. Other
 * values, such as `anthropic-version: 2023-06-01`, occur in any response and log line.
 */
export function isSecretHeader(name: string, value: string): boolean {
  return SECRET_NAME.test(name) || KEY_PREFIX.test(value) || UUID.test(value) || hasLongRun(value);
}

const SECRET_NAME = /auth|key|token|secret|pass|cookie|credential|signature|session|bearer/i;

/** Prefixes of common providers' keys. */
const KEY_PREFIX = /^(?:sk-|pk-|rk-|gsk_|xai-|hf_|nvapi-|r8_|ghp_|glpat-|AIza|AKIA|eyJ)/;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** No word, date or version is this long without a separator. */
const LONG_RUN = 24;

function hasLongRun(value: string): boolean {
  return value.split(/[^A-Za-z0-9+/_=]/).some((run) => run.length >= LONG_RUN && /\d/.test(run));
}

/** Whether a header never holds a secret, so that logs need not redact its value. */
export function isPlainHeader(name: string): boolean {
  return PLAIN_NAME.test(name);
}

const PLAIN_NAME =
  /^(?:accept(?:-\w+)?|content-\w+|user-agent|anthropic-(?:version|beta)|openai-(?:organization|project|beta)|(?:http-)?referer|x-title)$/i;
