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
