import { hashKey } from '../../../config/compile/compile-access.ts';
import { DEFAULTS } from '../../../config/schema/defaults.ts';
import { PROVIDER_KINDS, type ProviderKind, type ProviderName } from './provider-kinds.ts';

/** The decisions behind a first configuration. */
export interface Choices {
  readonly provider: ProviderName;
  readonly apiBase: string;
  readonly key: ProviderKey;
  /** The key for clients; may contain a reference `${VAR}`. */
  readonly masterKey: string;
  /** A model for the first request; undefined: the user knows one. */
  readonly model: string | undefined;
}

/** The place of the provider's key: an environment variable, the file, or none. */
export type ProviderKey =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'written'; readonly secret: string }
  | { readonly kind: 'none' };

/** The configuration file for these choices. */
export function firstConfig({ provider, apiBase, key, masterKey }: Choices): string {
  const { providerType, keyForm }: ProviderKind = PROVIDER_KINDS[provider];
  return [
    '# yaml-language-server: $schema=./config.schema.json',
    '#',
    '# Written by "llm-proxy init". "llm-proxy check" shows its effect. All settings: config.example.yaml and',
    '# docs/configuration.md. Changes take effect within a second, without a restart.',
    '',
    'server:',
    '  host: "127.0.0.1"   # 0.0.0.0 lets other machines in',
    `  port: ${DEFAULTS.port}`,
    '',
    'master_keys:',
    '  - name: "default"',
    ...masterKeyLines(masterKey),
    '',
    'providers:',
    `  - name: ${quoted(provider)}`,
    `    api_base: ${quoted(apiBase)}`,
    ...(providerType === undefined ? [] : [`    provider_type: ${quoted(providerType)}`]),
    ...(keyForm === 'service-account' ? accountLines(key) : providerKeyLines(key)),
    '',
  ].join('\n');
}

/** The variables that a text refers to, as `${VAR}` or `${VAR:-default}`. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-[^{}]*)?\}/g)].map(([, name = '']) => name);
}

function masterKeyLines(masterKey: string): string[] {
  if (referencesIn(masterKey).length > 0) {
    return [`    key: ${quoted(masterKey)}   # what clients send as "Authorization: Bearer ..."`];
  }
  return [
    '    # The SHA-256 of the key that clients send as "Authorization: Bearer ...". This may also be the key itself,',
    '    # or an environment variable as ${VARIABLE}.',
    `    key: ${quoted(`sha256:${hashKey(masterKey)}`)}`,
  ];
}

/** The path of the key file of a service account, which names the project too. */
function accountLines(key: ProviderKey): string[] {
  const path =
    key.kind === 'variable' ? `\${${key.name}}` : key.kind === 'written' ? escaped(key.secret) : '';
  return [
    `    service_account: {file: ${quoted(path)}}   # the path of its key file, which names the project too`,
    '    location: "global"',
  ];
}

function escaped(text: string): string {
  return text.replaceAll('${', () => '$${');
}

function providerKeyLines(key: ProviderKey): string[] {
  switch (key.kind) {
    case 'variable':
      return [`    api_key: ${quoted(`\${${key.name}}`)}   # from the environment`];
    case 'written':
      return [`    api_key: ${quoted(escaped(key.secret))}`];
    case 'none':
      return [];
  }
}

/** A text in quotes, valid both in YAML and in JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
