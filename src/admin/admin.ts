import { type Context, Hono } from 'hono';
import type { Once } from '../store/change.ts';
import { AnsweredBefore } from '../store/idempotency-table.ts';
import type { Accounts } from '../store/console/account-table.ts';
import { memorySessions, type Sessions } from '../store/console/session-table.ts';
import type { ResourceName } from '../store/revision.ts';
import type { Caller, Client } from './access/caller.ts';
import { identify, refuseKey, wrongKey } from './access/identify.ts';
import { type Access, accessOf, mayRun } from './access/role.ts';
import { SignIn } from './access/sign-in.ts';
import type { AdminOptions } from './admin-options.ts';
import { LiveHub } from './live/live-hub.ts';
import { mayListen } from './live/may-listen.ts';
import { Lockout } from './lockout.ts';
import type { RunningGateway } from './running/running-gateway.ts';
import type { AdminStore, Answer, Call, Operation, Services, Write } from './operation.ts';
import { BASE, OPERATIONS } from './operations.ts';
import { readBody } from './parse-body.ts';
import { AdminProblem, asProblem, listed } from './problem.ts';
import { answerOnce, onceWith, readRepetition } from './repetition.ts';

/**
 * Answers one request below `/admin`. Never rejects. `caller` is set if the gateway makes the request on someone's
 * behalf. If omitted, it is the owner of its credential.
 */
export type AdminHandler = (request: Request, client: Client, caller?: Caller) => Promise<Response>;

/** The Admin API. */
export type Admin = AdminHandler & {
  /** Ends the live streams, which would never end by themselves. */
  readonly close: () => void;
};

const NUL = '\0';

interface Env {
  Bindings: { readonly client: Client; readonly caller: Caller | undefined };
}

/** The Admin API over a store. Every path requires a sign-in, including the API's own documentation. */
export function createAdmin(options: AdminOptions): Admin {
  const lockout = new Lockout(options.monotonicMs ?? performance.now.bind(performance));
  const { sessions = memorySessions(), accounts, isDemo = false, store } = options;
  const signIn = new SignIn({ ...options, sessions, accounts, snapshot: () => store.snapshot() });
  const live = new LiveHub({
    running: () => runningOf(options),
    mayListen: (subscribers) => mayListen(subscribers, signIn),
  });
  const context = { ...options, sessions, accounts, isDemo, signIn, lockout, live };
  const app = new Hono<Env>({ strict: false });
  for (const operation of OPERATIONS) {
    const route = `${BASE}${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.on(operation.method.toUpperCase(), route, (request) => perform(operation, request, context));
  }
  // The document is generated on first use.
  app.get(`${BASE}/openapi.json`, async (request) => {
    requireAccess('viewer', request.env.caller);
    const { adminDocument } = await import('./document.ts');
    return request.json(adminDocument(options.version));
  });
  app.onError((error) => problemResponse(error, options));
  app.notFound((request) => {
    requireAccess('key', request.env.caller);
    return notFound(request).response();
  });
  const answer: AdminHandler = async (request, client, known) => {
    try {
      const caller = known ?? (await identify(request, client, context));
      return finished(await app.fetch(withEncodedId(request), { client, caller }));
    } catch (error) {
      return finished(problemResponse(error, options));
    }
  };
  return Object.assign(answer, { close: () => live.close() });
}

/** The dependencies of the API for each request. */
interface AdminContext extends AdminOptions {
  readonly sessions: Sessions;
  readonly accounts: Accounts | undefined;
  readonly isDemo: boolean;
  readonly signIn: SignIn;
  readonly lockout: Lockout;
  readonly live: LiveHub;
}

function runningOf({ running }: AdminOptions): RunningGateway {
  const gateway = running?.();
  if (gateway !== undefined) return gateway;
  throw new AdminProblem('starting', 'The gateway is starting. Try again shortly.', {
    headers: { 'retry-after': '1' },
  });
}

/** A response may contain a secret that is shown once, so it must not be cached. */
function finished(response: Response): Response {
  response.headers.set('cache-control', 'no-store');
  response.headers.set('x-content-type-options', 'nosniff');
  return response;
}

/** Model names contain slashes, and callers need not know that they should be escaped. */
function withEncodedId(request: Request): Request {
  const [, head = '', id = '', query = ''] =
    /^(.*?\/admin\/v1\/models\/)([^?]+)(.*)$/.exec(request.url) ?? [];
  return id.includes('/') ? new Request(`${head}${id.replaceAll('/', '%2F')}${query}`, request) : request;
}

async function perform(
  operation: Operation,
  context: Context<Env>,
  options: AdminContext,
): Promise<Response> {
  const { store, audit, nowMs } = options;
  const { client, caller } = context.env;
  const { address } = client;
  requireAccess(accessOf(operation), caller);
  if (operation.changesConfiguration) requireStore(operation, address, options);
  const ifVersion = readIfMatch(context.req.header('if-match'));
  let warnings: readonly string[] = [];
  const noted = async (
    action: string,
    { target, answerOf }: Pick<Write, 'answerOf'> & { readonly target?: ResourceName },
    write: (once: Once | undefined) => ReturnType<AdminStore['read']>,
  ) => {
    try {
      const before = new Set(store.snapshot().warnings);
      const revision = await write(onceWith(repetition, answerOf));
      warnings = store.snapshot().warnings.filter((text) => !before.has(text));
      audit({ result: 'written', address, action, version: revision.version });
      return answerOf(revision);
    } catch (error) {
      if (error instanceof AnsweredBefore) throw error;
      audit({ result: 'refused', address, action, version: undefined });
      throw asProblem(error, target, operation.method === 'delete');
    }
  };
  const actor = `${caller?.name ?? 'nobody'}@${address}`;
  const body = await readBody(context.req.raw, operation);
  const repetition = readRepetition(context.req.raw, { operation, caller, body, nowMs: nowMs() });
  const call: Call = {
    store,
    id: readId(context.req),
    body,
    query: readQuery(context.req),
    now: new Date(nowMs()),
    caller,
    client,
    headers: context.req.raw.headers,
    services: servicesOf(context, options),
    actor,
    write: (write) => {
      const { verb, target, edit, creates, what = `${verb} ${target.kind}/${target.id}` } = write;
      const about = { actor, action: what, ifVersion, creates };
      return noted(what, write, (once) => store.change(edit, { ...about, once }));
    },
    rollback: (version, answerOf) => {
      const what = `rollback to version ${version}`;
      const about = { actor, action: what, ifVersion };
      return noted(what, { answerOf }, (once) => store.rollback(version, { ...about, once }));
    },
  };
  const { body: told, ...rest } = await answerOnce(repetition, store.admin.answers, () =>
    operation.run(call),
  );
  const isTold = told !== undefined && warnings.length > 0;
  return toResponse(operation, { ...rest, body: isTold ? { ...told, warnings } : told });
}

function servicesOf({ env, req }: Context<Env>, options: AdminContext): Services {
  const { version, signIn, sessions, accounts, isDemo, configurationFile, spend, audit, standing } = options;
  const { client } = env;
  return {
    version,
    signIn,
    sessions,
    accounts,
    mode: isDemo ? 'demo' : configurationFile === undefined ? 'database' : 'file',
    configurationFile,
    running: () => runningOf(options),
    live: options.live,
    demo: options.demo,
    spend,
    note: (action) => audit({ result: 'written', address: client.address, action, version: undefined }),
    standing: (claim) => standing?.(claim),
    refuseKey: () => refuseKey(req.raw, client, options),
  };
}

/** Throws unless the caller has the role that an operation needs. */
function requireAccess(access: Access, caller: Caller | undefined): void {
  if (access === 'public') return;
  if (caller === undefined) throw wrongKey();
  if (mayRun(caller.role, access)) return;
  const needed = access === 'admin' ? 'an admin' : `the role ${access === 'asking' ? 'operator' : access}`;
  throw new AdminProblem('not_allowed', `${caller.name} has the role ${caller.role}; this needs ${needed}.`);
}

/** Refuses a change of the configuration in file mode. */
function requireStore({ method, path }: Operation, address: string, options: AdminOptions): void {
  const { configurationFile: file, audit } = options;
  if (file === undefined) return;
  audit({ result: 'refused', address, action: `${method.toUpperCase()} ${BASE}${path}`, version: undefined });
  throw new AdminProblem(
    'configuration_is_a_file',
    `The configuration is the file ${file}. Change it there; the gateway loads it within a second. With DB_URL, the configuration is in a database, and the Admin API changes it.`,
  );
}

function toResponse({ status }: Operation, { body, raw, version, headers: more }: Answer): Response {
  const headers = { ...(version !== undefined && { etag: `"${version}"` }), ...more };
  if (raw !== undefined)
    return new Response(raw.body, { status, headers: { ...headers, 'content-type': raw.type } });
  return body === undefined
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers });
}

/**
 * Throws `AdminProblem` if a parameter is there twice, since only one of them would count, or holds a NUL, which PostgreSQL
 * does not accept in a text.
 */
function readQuery(req: Context<Env>['req']): Record<string, string> {
  const details = Object.entries(req.queries()).flatMap(([path, values]) => {
    if (values.length > 1) return [{ path, message: 'is there more than once' }];
    return values[0]?.includes(NUL) === true ? [{ path, message: 'contains a NUL character' }] : [];
  });
  if (details.length === 0) return req.query();
  throw new AdminProblem('invalid_parameter', listed('The parameters are not valid', details), { details });
}

function readId(req: Context<Env>['req']): string {
  const id = req.param('id') ?? req.param('version') ?? '';
  if (id.includes(NUL)) throw new AdminProblem('not_found', `${req.path} does not exist here.`);
  return id;
}

/** RFC 9110 §13.1.1. The entity is the configuration, and its version is the tag, with or without quotes. */
function readIfMatch(value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '*') return undefined;
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(value)?.[1];
  if (version === undefined)
    throw new AdminProblem('invalid_parameter', 'If-Match takes one version, such as "7".');
  return Number(version);
}

function problemResponse(error: unknown, { onBug }: AdminOptions): Response {
  const problem = asProblem(error, undefined, false);
  if (problem instanceof AdminProblem) return problem.response();
  onBug(error);
  return new AdminProblem(
    'internal_error',
    'The Admin API failed. This is a bug; its log says more.',
  ).response();
}

function notFound({ req }: Context<Env>): AdminProblem {
  const path = req.path.replace(/\/$/, '');
  const matching = OPERATIONS.filter((operation) => {
    const pattern = operation.path.replaceAll(/\{\w+\}/g, '[^/]+');
    return new RegExp(`^${BASE}${pattern}$`).test(path);
  });
  // Two slashes at the end match no operation.
  if (matching.length === 0 || matching.some(({ method }) => method.toUpperCase() === req.method))
    return new AdminProblem('not_found', `${path} does not exist here.`);
  const allowed = matching.map(({ method }) => method.toUpperCase()).join(', ');
  return new AdminProblem('method_not_allowed', `${path} answers ${allowed}, not ${req.method}.`, {
    headers: { allow: allowed },
  });
}
