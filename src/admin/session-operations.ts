import { z } from 'zod';
import type { Session } from '../store/console/session-table.ts';
import { secretText } from '../config/schema/setting.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Caller } from './access/caller.ts';
import { noSession } from './access/identify.ts';
import { ROLES } from './access/role.ts';
import { noSessionCookie, sessionCookie } from './access/session-cookie.ts';
import { pageOfList, pageQuery } from './list-page.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';

const TIME = z.string().meta({ description: 'ISO 8601, UTC.' });
const ROLE = z.enum(ROLES).meta({
  description:
    'viewer: reads. operator: also acts, and edits providers, models, keys and teams. admin: everything. key: the own use of a master key.',
});
const KIND = z.enum(['admin_key', 'account', 'master_key', 'demo']).meta({
  description: 'The credential that opened the session. demo: the demo needs no sign-in.',
});

const callerSchema = z
  .object({
    id: z
      .string()
      .nullable()
      .meta({ description: 'null: the request came with its credential, or is the demo.' }),
    role: ROLE,
    name: z.string(),
    kind: KIND,
    expires_at: TIME.nullable(),
  })
  .meta({ id: 'Caller' });

const CSRF = z.string().nullable().meta({
  description:
    'For the header X-CSRF-Token of writes, if the browser does not send Sec-Fetch-Site. null: not needed.',
});

const signedIn = z.object({ session: callerSchema, csrf_token: CSRF }).meta({ id: 'SignedIn' });

const sessionSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: ROLE,
    kind: KIND,
    address: z.string(),
    created_at: TIME,
    expires_at: TIME,
    is_current: z.boolean(),
  })
  .meta({ id: 'Session' });

const shared = { tag: 'access' } as const;

/** Operations on sessions, by which people sign in to the console. */
export const sessionOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'post',
    path: '/sessions',
    access: 'public',
    id: 'createSession',
    summary: 'Sign in',
    description:
      'Opens a session of 12 hours for the admin key, the secret of an account, or a master key. The browser gets it as a cookie.',
    body: z.strictObject({ key: secretText().min(1).meta({ writeOnly: true }) }).meta({ id: 'SignIn' }),
    example: { key: 'the-admin-key' },
    status: 201,
    answer: signedIn,
    run: open,
  },
  {
    ...shared,
    method: 'get',
    path: '/sessions',
    access: 'admin',
    id: 'listSessions',
    summary: 'Open sessions',
    body: undefined,
    query: pageQuery,
    status: 200,
    answer: z.object({
      sessions: z.array(sessionSchema),
      total: z.int(),
      next_cursor: z.string().nullable(),
    }),
    run: list,
  },
  {
    ...shared,
    method: 'delete',
    path: '/sessions/{id}',
    access: 'admin',
    id: 'deleteSession',
    summary: 'End a session',
    body: undefined,
    status: 204,
    answer: undefined,
    run: async ({ id, services }) => {
      if (!(await services.sessions.remove(id)))
        throw new AdminProblem('not_found', `There is no session "${id}".`);
      services.note(`end session ${id}`);
      return { version: undefined, body: undefined };
    },
  },
  {
    ...shared,
    method: 'get',
    path: '/session',
    access: 'public',
    id: 'readSession',
    summary: 'The current session',
    description: 'Describes the signed-in caller and the gateway. Answers 401 without a sign-in.',
    body: undefined,
    status: 200,
    answer: signedIn.extend({
      gateway: z.object({
        version: z.string(),
        mode: z.enum(['demo', 'database', 'file']),
        configuration_file: z.string().nullable().meta({ description: 'null: it is in a database.' }),
        console_path: z.string(),
      }),
    }),
    run: async ({ caller, client, services, store }) => {
      if (caller === undefined) throw noSession(client);
      const { mode, version, configurationFile } = services;
      const gateway = {
        version,
        mode,
        configuration_file: caller.role === 'key' ? null : (configurationFile ?? null),
        console_path: store.snapshot().console.path,
      };
      return { version: undefined, body: { ...viewOf(caller), gateway }, headers: permitOf(caller) };
    },
  },
  {
    ...shared,
    method: 'delete',
    path: '/session',
    access: 'public',
    id: 'deleteOwnSession',
    summary: 'Sign out',
    body: undefined,
    status: 204,
    answer: undefined,
    run: async ({ caller, client, services }) => {
      if (caller?.session !== undefined) await services.sessions.remove(caller.session.id);
      return { version: undefined, body: undefined, headers: { 'set-cookie': noSessionCookie(client) } };
    },
  },
];

async function open({ body, client, services }: Call): Promise<Answer> {
  const opened = await services.signIn.open(body['key'] as string, client);
  if (opened === undefined) return services.refuseKey();
  const { token, caller } = opened;
  services.note(`sign in as ${caller.name} (${caller.role})`);
  return {
    version: undefined,
    body: viewOf(caller),
    headers: { 'set-cookie': sessionCookie(token, client) },
  };
}

/** Tells the server which key the session belongs to. */
function permitOf({ role, session }: Caller): Record<string, string> {
  if (role !== 'key' || session === undefined) return {};
  return { 'x-llm-proxy-permit': session.credential, 'x-llm-proxy-role': role };
}

function viewOf({ session, role, name, kind, csrfToken }: Caller): JsonObject {
  return {
    session: {
      id: session?.id ?? null,
      role,
      name,
      kind,
      expires_at: session === undefined ? null : new Date(session.expiresMs).toISOString(),
    },
    csrf_token: csrfToken ?? null,
  };
}

async function list({ caller, query, now, services }: Call): Promise<Answer> {
  const all = await services.sessions.list(now.getTime());
  const page = pageOfList(all, query, ({ id, name, address }) => [id, name, address]);
  const sessions = page.entries.map((session) => sessionView(session, caller?.session?.id));
  return { version: undefined, body: { sessions, total: page.total, next_cursor: page.nextCursor } };
}

function sessionView(session: Session, current: string | undefined): JsonObject {
  const { id, name, role, kind, address, createdMs, expiresMs } = session;
  const [created_at, expires_at] = [createdMs, expiresMs].map((ms) => new Date(ms).toISOString());
  return {
    id,
    name,
    role,
    kind,
    address,
    created_at: created_at ?? '',
    expires_at: expires_at ?? '',
    is_current: id === current,
  };
}
