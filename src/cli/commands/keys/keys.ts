import type { AdminClient } from '../../../app/admin-client.ts';
import { EXIT } from '../../../exit-code.ts';
import type { JsonObject } from '../../../store/revision.ts';
import { aligned } from '../../aligned.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { withAdmin } from '../with-admin.ts';
import type { keysDeclaration } from './declaration.ts';

type ParsedArguments = ValuesOf<typeof keysDeclaration>;

/** Lists the master keys, or changes one. */
export function changeKeys(args: ParsedArguments): Promise<number> {
  requireFitting(args);
  return withAdmin(args.config, async (admin) => {
    if (args.action === 'list') await list(admin, args);
    else await change(admin, args);
    return EXIT.ok;
  });
}

/** The options that only one action has. */
const OPTIONS = {
  create: ['name', 'team', 'user', 'expires', 'model'],
  rotate: ['grace', 'revoke-previous'],
  disable: ['reason'],
  list: ['json'],
} as const;

function requireFitting(args: ParsedArguments): void {
  const { action, id } = args;
  if (id === undefined && action !== 'list' && action !== 'create')
    throw new UsageError(`${action} needs the id of a key; "llm-proxy keys list" has them.`);
  if (id !== undefined && action === 'list') throw new UsageError('list takes no id.');
  for (const [owner, names] of Object.entries(OPTIONS)) {
    if (owner === action) continue;
    const stray = names.find((name) => isGiven(args[name]));
    if (stray !== undefined) throw new UsageError(`--${stray} belongs to ${owner}, not to ${action}.`);
  }
}

function isGiven(value: ParsedArguments[keyof ParsedArguments]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

/** A master key as the Admin API shows it. */
interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly key_preview: string;
}

const TITLES = ['ID', 'NAME', 'STATUS', 'TEAM', 'USER', 'EXPIRES', 'LAST USED', 'KEY'];

async function list(admin: AdminClient, { json }: ParsedArguments): Promise<void> {
  const { master_keys: found } = await admin.call('GET', '/master-keys');
  if (json) return console.log(JSON.stringify(found, undefined, 2));
  const keys = found as unknown as readonly KeyView[];
  if (keys.length === 0) return console.log('There is no master key.');
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.status,
    key.team ?? '-',
    key.user ?? '-',
    key.expires_at ?? '-',
    key.last_used_at ?? '-',
    key.key_preview,
  ]);
  console.log(aligned([TITLES, ...rows]).join('\n'));
}

async function change(admin: AdminClient, args: ParsedArguments): Promise<void> {
  const { action, id = '' } = args;
  const path = `/master-keys/${encodeURIComponent(id)}`;
  if (action === 'delete') {
    await admin.call('DELETE', path);
    return console.error(`deleted ${id}`);
  }
  const {
    id: changed,
    warnings,
    key,
  } = action === 'create'
    ? await admin.call('POST', '/master-keys', newKey(args))
    : await admin.call('POST', `${path}/${action}`, bodyOf(args));
  console.error(`${DONE[action]} ${changed as string}`);
  for (const text of (warnings ?? []) as readonly string[]) console.error(`warning: ${text}`);
  if (typeof key === 'string') console.log(key);
}

const DONE: Readonly<Record<string, string>> = {
  create: 'created',
  rotate: 'rotated',
  disable: 'disabled',
  enable: 'enabled',
};

function newKey({ id, name, team, user, expires, model }: ParsedArguments): JsonObject {
  return {
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    ...(team !== undefined && { team }),
    ...(user !== undefined && { user }),
    ...(expires !== undefined && { expires_at: expires }),
    ...(model.length > 0 && { allowed_models: model }),
  };
}

function bodyOf({
  action,
  reason,
  grace,
  'revoke-previous': revokes,
}: ParsedArguments): JsonObject | undefined {
  if (action === 'enable') return undefined;
  if (action === 'disable') return reason === undefined ? {} : { reason };
  return { ...(grace !== undefined && { grace_seconds: grace }), ...(revokes && { revoke_previous: true }) };
}
