/**
 * Whether the value of a configured header field is a secret: by the field's name, or because it looks like a key. Others,
 * such as `anthropic-version: 2023-06-01`, are what any answer and any line of the log may say.
 */
export function isSecretHeader(name: string, value: string): boolean {
  return SECRET_NAME.test(name) || KEY_PREFIX.test(value) || UUID.test(value) || hasLongRun(value);
}

const SECRET_NAME = /auth|key|token|secret|pass|cookie|credential|signature|session|bearer/i;

/** What keys of common providers begin with. */
const KEY_PREFIX = /^(?:sk-|pk-|rk-|gsk_|xai-|hf_|nvapi-|r8_|ghp_|glpat-|AIza|AKIA|eyJ)/;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** No word, date or version is so long without a mark between. */
const LONG_RUN = 24;

function hasLongRun(value: string): boolean {
  return value.split(/[^A-Za-z0-9+/_=]/).some((run) => run.length >= LONG_RUN && /\d/.test(run));
}

/** Whether a field never holds a secret, so that its value need not even be masked where text is only written down. */
export function isPlainHeader(name: string): boolean {
  return PLAIN_NAME.test(name);
}

const PLAIN_NAME =
  /^(?:accept(?:-\w+)?|content-\w+|user-agent|anthropic-(?:version|beta)|openai-(?:organization|project|beta)|(?:http-)?referer|x-title)$/i;
