import { firstConfig } from '../../../src/cli/commands/init/first-config.ts';
import { PROVIDER_NAMES, type ProviderName } from '../../../src/cli/commands/init/provider-kinds.ts';

/** Values of every type, each right for some settings and wrong for others. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1,
  8,
  404,
  70_000,
  3_000_000,
  '',
  'x',
  'auto',
  '5xx',
  'warn',
  'a b',
  {},
  [],
  ['x'],
  [404],
  [{}],
];

/** The file that `init` writes for each provider. */
export const FIRST_FILES: ReadonlyMap<ProviderName, string> = new Map(
  PROVIDER_NAMES.map((provider) => [
    provider,
    firstConfig({
      provider,
      apiBase: 'https://api.example.com/v1',
      key: { kind: 'variable', name: 'KEY' },
      masterKey: 'sk-1',
      model: undefined,
    }),
  ]),
);

/** The smallest file with this value for a setting. In the path, `[]` is a list entry and `*` any name. */
export function fileWith(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step, index) => {
    if (step === '[]') return [inner];
    const owner = path.slice(0, index).join('.');
    return { ...REQUIRED[owner], [step === '*' ? 'some-name' : step]: inner };
  }, value);
}

/** Other settings that a section requires. */
const REQUIRED: Readonly<Record<string, object>> = {
  'server.tls': { cert_file: 'a', key_file: 'b' },
  'master_keys.[]': { name: 'a', key: 'b' },
  'master_keys.[].rate_limit': { requests_per_second: 1 },
  'providers.[]': { name: 'a' },
  'backends.[]': { name: 'a' },
  'providers.[].aws': { access_key_id: 'a', secret_access_key: 'b' },
  'backends.[].aws': { access_key_id: 'a', secret_access_key: 'b' },
  'models.*': { routes: [{}] },
  'limits.[]': { cost: 1, per: 'week' },
  'master_keys.[].limits.[]': { cost: 1, per: 'week' },
  'master_keys.[].per_end_user.[]': { cost: 1, per: 'week' },
  'teams.[]': { name: 'a' },
  'teams.[].limits.[]': { cost: 1, per: 'week' },
  'teams.[].per_user.[]': { cost: 1, per: 'week' },
  'users.[]': { name: 'a' },
  'users.[].limits.[]': { cost: 1, per: 'week' },
  'alerts.[]': { url: 'https://a' },
};
