import type { ConfigFile } from '../schema/schema.ts';
import type { CloudCredential } from '../snapshot.ts';
import { ownTranslation } from './normalise-translation.ts';
import type { Finding, Path } from './problems.ts';
import { readServiceAccount } from './service-account.ts';
import type { ProviderSettings } from './settings.ts';

type ProviderEntry = NonNullable<ConfigFile['providers']>[number];

type CloudSettings = Pick<
  ProviderSettings,
  | 'apis'
  | 'dialect'
  | 'apiVersion'
  | 'region'
  | 'project'
  | 'location'
  | 'credential'
  | 'anthropicBeta'
  | 'autoCache'
  | 'websockets'
  | 'translation'
>;

/** Reads an entry's API and its cloud credential. */
export function normaliseCloud(
  entry: ProviderEntry,
  at: Path,
  report: (finding: Finding) => void,
): CloudSettings {
  const { credential, project } = normaliseCredential(entry, at, report);
  return {
    apis: entry.apis ?? undefined,
    dialect: entry.dialect ?? undefined,
    apiVersion: entry.api_version ?? undefined,
    region: entry.region ?? undefined,
    project: entry.project ?? project,
    location: entry.location ?? undefined,
    credential,
    anthropicBeta: entry.anthropic_beta ?? undefined,
    autoCache: entry.auto_cache ?? false,
    websockets: entry.websockets ?? [],
    translation: ownTranslation(entry.translation ?? {}),
  };
}

interface Credential {
  readonly credential: CloudCredential | undefined;
  /** The project that a service account belongs to. */
  readonly project: string | undefined;
}

function normaliseCredential(entry: ProviderEntry, at: Path, report: (finding: Finding) => void): Credential {
  const { aws, service_account: account, access_token: token, api_key: key } = entry;
  const credentials = [
    ['api_key', key],
    ['aws', aws],
    ['service_account', account],
    ['access_token', token],
  ] as const;
  const [first, second] = credentials.flatMap(([name, value]) => (value ? [name] : []));
  if (second !== undefined)
    report({
      path: [...at, second],
      part: 'key',
      message: `is a credential, as ${first} is; keep one of them`,
    });
  if (aws) {
    const credential = {
      kind: 'aws',
      accessKeyId: aws.access_key_id,
      secretAccessKey: aws.secret_access_key,
      sessionToken: aws.session_token || undefined,
    } as const;
    return { credential, project: undefined };
  }
  if (token) return { credential: { kind: 'token', token }, project: undefined };
  if (!account) return { credential: undefined, project: undefined };
  if (typeof account.json !== 'string') {
    const message =
      typeof account.file === 'string'
        ? 'names a file, and none is read here; give what is in it as json'
        : 'is missing: the key file, or what is in it as json';
    report({ path: [...at, 'service_account', 'file'], message });
    return UNREAD;
  }
  const reading = readServiceAccount(account.json);
  if (reading.kind === 'read') return reading;
  report({ path: [...at, 'service_account'], message: reading.message });
  return UNREAD;
}

/** A service account that is wrong. That its project is not known either need not be said. */
const UNREAD: Credential = { credential: undefined, project: '' };
