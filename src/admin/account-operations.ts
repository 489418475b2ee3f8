import { z } from 'zod';
import { nameText } from '../config/schema/setting.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { Account, AccountRole, Accounts } from '../store/console/account-table.ts';
import type { JsonObject } from '../store/revision.ts';
import { newAccountSecret } from './access/sign-in.ts';
import { pageOfList, pageQuery } from './list-page.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';

const ROLE = z.enum(['viewer', 'operator', 'admin']).meta({
  description:
    'viewer: reads. operator: also acts, and edits providers, models, keys and teams. admin: everything.',
});

const accountSchema = z
  .object({
    id: z.string(),
    name: nameText(),
    role: ROLE,
    is_enabled: z.boolean(),
    created_at: z.string().meta({ description: 'ISO 8601, UTC.' }),
    last_used_at: z.string().nullable().meta({ description: 'Time of the last sign-in.' }),
  })
  .meta({ id: 'Account' });

const accountWithSecret = accountSchema
  .extend({ secret: z.string().meta({ description: 'The secret. It is shown only in this answer.' }) })
  .meta({ id: 'AccountWithSecret' });

const shared = { tag: 'access', access: 'admin' } as const;

/** Operations on accounts: people who may sign in to the console, each with a role. */
export const accountOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'get',
    path: '/accounts',
    id: 'listAccounts',
    summary: 'List every account',
    body: undefined,
    query: pageQuery,
    status: 200,
    answer: z.object({
      accounts: z.array(accountSchema),
      total: z.int(),
      next_cursor: z.string().nullable(),
    }),
    run: async ({ query, services }) => {
      const all = (await services.accounts?.list()) ?? [];
      const page = pageOfList(all, query, ({ id, name }) => [id, name]);
      const accounts = page.entries.map(viewOf);
      return { version: undefined, body: { accounts, total: page.total, next_cursor: page.nextCursor } };
    },
  },
  {
    ...shared,
    method: 'post',
    path: '/accounts',
    id: 'createAccount',
    summary: 'Create an account',
    description: 'The gateway generates the secret with which the owner signs in.',
    body: z.strictObject({ name: nameText(), role: ROLE }).meta({ id: 'AccountCreate' }),
    example: { name: 'alice', role: 'operator' },
    status: 201,
    answer: accountWithSecret,
    run: create,
  },
  {
    ...shared,
    method: 'put',
    path: '/accounts/{id}',
    id: 'updateAccount',
    summary: 'Change an account',
    description: 'Only the given fields change. A disabled account has no sessions.',
    body: z
      .strictObject({
        name: nameText().optional(),
        role: ROLE.optional(),
        is_enabled: z.boolean().optional(),
      })
      .meta({ id: 'AccountUpdate' }),
    example: { role: 'viewer' },
    status: 200,
    answer: accountSchema,
    run: async (call) => {
      const { name, role, is_enabled: isEnabled } = call.body;
      const before = await found(call);
      const account = {
        ...before,
        ...(typeof name === 'string' && { name }),
        ...(typeof role === 'string' && { role: role as AccountRole }),
        ...(typeof isEnabled === 'boolean' && { isEnabled }),
      };
      await replace(account, 'update', call);
      return { version: undefined, body: viewOf(account) };
    },
  },
  {
    ...shared,
    method: 'post',
    path: '/accounts/{id}/rotate',
    id: 'rotateAccount',
    summary: 'Replace the secret of an account',
    description: 'The former secret becomes invalid at once, and its sessions end.',
    body: undefined,
    status: 200,
    answer: accountWithSecret,
    run: async (call) => {
      const secret = newAccountSecret();
      const account = { ...(await found(call)), secretHash: sha256Hex(secret) };
      await replace(account, 'rotate', call);
      return { version: undefined, body: { ...viewOf(account), secret } };
    },
  },
  {
    ...shared,
    method: 'delete',
    path: '/accounts/{id}',
    id: 'deleteAccount',
    summary: 'Delete an account',
    body: undefined,
    status: 204,
    answer: undefined,
    run: async ({ id, services }) => {
      if (!(await tableOf(services).remove(id))) throw missing(id);
      services.note(`delete accounts/${id}`);
      return { version: undefined, body: undefined };
    },
  },
];

async function create({ body, now, services }: Call): Promise<Answer> {
  const secret = newAccountSecret();
  const account: Account = {
    id: `ac_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`,
    name: body['name'] as string,
    role: body['role'] as AccountRole,
    secretHash: sha256Hex(secret),
    isEnabled: true,
    createdMs: now.getTime(),
    lastUsedMs: null,
  };
  if (!(await tableOf(services).insert(account))) throw taken(account);
  services.note(`create accounts/${account.id} ${account.name} (${account.role})`);
  return { version: undefined, body: { ...viewOf(account), secret } };
}

async function found({ id, services }: Call): Promise<Account> {
  const account = await tableOf(services).find(id);
  if (account === undefined) throw missing(id);
  return account;
}

async function replace(account: Account, verb: string, { services }: Call): Promise<void> {
  const result = await tableOf(services).update(account);
  if (result === 'name') throw taken(account);
  if (result === 'gone') throw missing(account.id);
  services.note(`${verb} accounts/${account.id} ${account.name} (${account.role})`);
}

function tableOf({ accounts }: Call['services']): Accounts {
  if (accounts !== undefined) return accounts;
  throw new AdminProblem(
    'no_store',
    'Accounts need a database: set DB_URL. With a configuration file, ADMIN_KEY is the only way to sign in as an operator.',
  );
}

function missing(id: string): AdminProblem {
  return new AdminProblem('not_found', `There is no account "${id}".`);
}

function taken({ name }: Account): AdminProblem {
  const details = [{ path: 'name', message: 'is in use' }];
  return new AdminProblem('already_exists', `There is an account "${name}" already.`, { details });
}

function viewOf({ id, name, role, isEnabled, createdMs, lastUsedMs }: Account): JsonObject {
  return {
    id,
    name,
    role,
    is_enabled: isEnabled,
    created_at: new Date(createdMs).toISOString(),
    last_used_at: lastUsedMs === null ? null : new Date(lastUsedMs).toISOString(),
  };
}
