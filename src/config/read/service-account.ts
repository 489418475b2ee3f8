import { isLoopback } from '../compile/address.ts';
import { isForbiddenHost } from '../../lib/outgoing-address.ts';
import type { CloudCredential } from '../snapshot.ts';
import type { Expansion, References } from './environment.ts';
import type { Finding, Path } from './problems.ts';
import type { SecretFile } from './secret-file.ts';

/** The parts of a key file that are needed. */
interface KeyFile {
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
  readonly project_id?: string;
}

/** The fields of a key file as Google writes it. Only some of them are required. */
const KEY_FILE: readonly (readonly [
  name: string,
  isRequired: boolean,
  isRight: (text: string) => boolean,
])[] = [
  ['type', false, (text) => text === 'service_account'],
  ['client_email', true, isNotEmpty],
  ['private_key', true, (text) => text.includes('PRIVATE KEY')],
  ['private_key_id', false, isNotEmpty],
  ['token_uri', false, isNotEmpty],
  ['project_id', false, isNotEmpty],
];

const TOKEN_URI = 'https://oauth2.googleapis.com/token';

/** A service account, or why its text is none. No message quotes anything of it. */
export type ServiceAccountReading =
  | {
      readonly kind: 'read';
      readonly credential: Extract<CloudCredential, { kind: 'google' }>;
      readonly project: string | undefined;
    }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads what is in the key file of a service account. */
export function readServiceAccount(text: string): ServiceAccountReading {
  const file = parseJson(text);
  const fault = faultOf(file);
  if (fault !== undefined) return { kind: 'wrong', message: `is not the key of a service account: ${fault}` };
  const { client_email: clientEmail, private_key: privateKey, private_key_id: id, ...rest } = file as KeyFile;
  const url = URL.parse(rest.token_uri ?? TOKEN_URI);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url === null || !isSafe || isForbiddenHost(url.hostname))
    return { kind: 'wrong', message: 'has a token_uri that is no https address which may be called' };
  return {
    kind: 'read',
    credential: { kind: 'google', clientEmail, privateKey, privateKeyId: id, tokenUri: url.href },
    project: rest.project_id,
  };
}

function faultOf(file: unknown): string | undefined {
  if (!isObject(file)) return 'it is no JSON object';
  for (const [name, isRequired, isRight] of KEY_FILE) {
    const value = file[name];
    if (value === undefined && !isRequired) continue;
    if (typeof value !== 'string' || !isRight(value)) return `${name} is missing or wrong`;
  }
  return undefined;
}

function isNotEmpty(text: string): boolean {
  return text !== '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The expansion with every `service_account: {file}` of a provider replaced by what is in that file, which counts as one of the
 * files that the configuration names.
 */
export function readKeyFiles(expansion: Expansion, { readFile }: References): Expansion {
  const files = new Map(expansion.files);
  const findings: Finding[] = [];
  const read = (path: string): SecretFile =>
    readFile?.(path) ?? {
      kind: 'problem',
      message: 'refers to a file, but files are not read here',
      isMissing: false,
    };
  const withKey = (provider: unknown, at: Path): unknown => {
    const account = isObject(provider) ? provider['service_account'] : undefined;
    if (!isObject(provider) || !isObject(account) || typeof account['file'] !== 'string') return provider;
    const path = account['file'];
    if (isSet(account['json']))
      findings.push({
        path: [...at, 'service_account', 'json'],
        part: 'key',
        message: 'says the same as file; keep one of them',
      });
    const file = files.get(path) ?? read(path);
    files.set(path, file);
    if (file.kind === 'problem') {
      findings.push({ path: [...at, 'service_account', 'file'], message: file.message });
      return provider;
    }
    const { file: _, ...rest } = account;
    return { ...provider, service_account: { ...rest, json: file.text } };
  };
  const { value } = expansion;
  if (!isObject(value)) return expansion;
  const lists = SECTIONS.flatMap((section): [string, unknown][] => {
    const list = value[section];
    return Array.isArray(list)
      ? [[section, list.map((entry, index) => withKey(entry, [section, index]))]]
      : [];
  });
  return {
    ...expansion,
    value: { ...value, ...Object.fromEntries(lists) },
    files,
    findings: [...expansion.findings, ...findings],
  };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const SECTIONS = ['providers', 'backends'] as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
