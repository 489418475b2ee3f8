import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { ResourceName } from '../store/revision.ts';
import { Lockout } from './lockout.ts';
import type { AdminStore, Answer, Call, Operation } from './operation.ts';
import { BASE, OPERATIONS } from './operations.ts';
import { parseBody } from './parse-body.ts';
import { AdminProblem, asProblem } from './problem.ts';

export interface AdminOptions {
  readonly store: AdminStore;
  /** Callers send it as `Authorization: Bearer`. */
  readonly adminKey: string;
  readonly version: string;
  /** The path of the file that holds the configuration, which the API then only reads; left out: the store has it. */
  readonly configurationFile?: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Milliseconds of a monotonic clock; left out: the system's. */
  readonly monotonicMs?: () => number;
  /** Receives every write and every wrong key. */
  readonly audit: (entry: AuditEntry) => void;
  /** Receives unexpected errors. */
  readonly onBug: (error: unknown) => void;
}

/** An event worth logging. `denied`: a wrong key; `refused`: a write that was not made. */
export interface AuditEntry {
  readonly result: 'written' | 'refused' | 'denied';
  /** The client's address. */
  readonly address: string;
  /** Such as `update providers/openai`. */
  readonly action: string;
  /** The version that was written. */
  readonly version: number | undefined;
}

/** Answers one request below `/admin`. Never rejects. */
export type AdminHandler = (request: Request, clientAddress: string) => Promise<Response>;

interface Env {
  Bindings: { readonly address: string };
}

/** The Admin API over a store. Every path requires the key, including the API's own documentation. */
export function createAdmin(options: AdminOptions): AdminHandler {
  const lockout = new Lockout(options.monotonicMs ?? performance.now.bind(performance));
  const app = new Hono<Env>({ strict: false });
  for (const operation of OPERATIONS) {
    const route = `${BASE}${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.on(operation.method.toUpperCase(), route, (context) => perform(operation, context, options));
  }
  // The document is generated when somebody reads it.
  app.get(`${BASE}/openapi.json`, async (context) => {
    const { adminDocument } = await import('./document.ts');
    return context.json(adminDocument(options.version));
  });
  app.onError((error) => problemResponse(error, options));
  app.notFound((context) => notFound(context).response());
  return async (request, address) => {
    try {
      await authorise(request, address, { lockout, ...options });
      return finished(await app.fetch(withEncodedId(request), { address }));
    } catch (error) {
      return finished(problemResponse(error, options));
    }
  };
}

/** A response may contain a secret that is shown once, so nothing may cache it. */
function finished(response: Response): Response {
  response.headers.set('cache-control', 'no-store');
  response.headers.set('x-content-type-options', 'nosniff');
  return response;
}

/** Throws for a wrong key, after a delay if there were many. The right key is always admitted. */
async function authorise(
  { headers, method, url }: Request,
  address: string,
  { lockout, adminKey, audit }: Pick<AdminOptions, 'adminKey' | 'audit'> & { readonly lockout: Lockout },
): Promise<void> {
  if (presents(headers, adminKey)) return;
  const penalty = lockout.failed(address);
  audit({ result: 'denied', address, action: `${method} ${pathOf(url)}`, version: undefined });
  await lockout.served(penalty);
  if (penalty.isTooMany) {
    throw new AdminProblem('too_many_failures', 'The admin key is wrong, and so were too many before it.', {
      headers: { 'retry-after': String(Math.ceil(penalty.delayMs / 1000)) },
    });
  }
  throw new AdminProblem('invalid_admin_key', 'Send the admin key as "Authorization: Bearer <ADMIN_KEY>".', {
    headers: { 'www-authenticate': 'Bearer realm="llm-proxy admin"' },
  });
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
  options: AdminOptions,
): Promise<Response> {
  const { store, audit, nowMs } = options;
  const { address } = context.env;
  if (operation.changesConfiguration) requireStore(operation, address, options);
  const ifVersion = readIfMatch(context.req.header('if-match'));
  let action = '';
  let warnings: readonly string[] = [];
  const noted = async (
    what: string,
    target: ResourceName | undefined,
    write: () => ReturnType<AdminStore['read']>,
  ) => {
    action = what;
    try {
      const before = new Set(store.snapshot().warnings);
      const revision = await write();
      warnings = store.snapshot().warnings.filter((text) => !before.has(text));
      audit({ result: 'written', address, action, version: revision.version });
      return revision;
    } catch (error) {
      audit({ result: 'refused', address, action, version: undefined });
      throw asProblem(error, target, operation.method === 'delete');
    }
  };
  const actor = `admin@${address}`;
  const call: Call = {
    store,
    id: context.req.param('id') ?? context.req.param('version') ?? '',
    body: operation.body === undefined ? {} : await parseBody(context.req.raw, operation.body),
    query: context.req.query(),
    now: new Date(nowMs()),
    write: (target, verb, edit) => {
      const what = `${verb} ${target.kind}/${target.id}`;
      return noted(what, target, () => store.change(edit, { actor, action: what, ifVersion }));
    },
    rollback: (version) => {
      const what = `rollback to version ${version}`;
      return noted(what, undefined, () => store.rollback(version, { actor, action: what, ifVersion }));
    },
  };
  const { body, version } = await operation.run(call);
  const isTold = body !== undefined && warnings.length > 0;
  return toResponse(operation, { body: isTold ? { ...body, warnings } : body, version });
}

/** Refuses a change of a configuration that is a file. */
function requireStore({ method, path }: Operation, address: string, options: AdminOptions): void {
  const { configurationFile: file, audit } = options;
  if (file === undefined) return;
  audit({ result: 'refused', address, action: `${method.toUpperCase()} ${BASE}${path}`, version: undefined });
  throw new AdminProblem(
    'configuration_is_a_file',
    `The configuration is the file ${file}. Change it there; the gateway loads it within a second. With DB_URL, the configuration is in a database, and the Admin API changes it.`,
  );
}

function toResponse({ status }: Operation, { body, version }: Answer): Response {
  const headers: Record<string, string> = version === undefined ? {} : { etag: `"${version}"` };
  return body === undefined
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers });
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
  if (matching.length === 0) return new AdminProblem('not_found', `${path} does not exist here.`);
  const allowed = matching.map(({ method }) => method.toUpperCase()).join(', ');
  return new AdminProblem('method_not_allowed', `${path} answers ${allowed}, not ${req.method}.`, {
    headers: { allow: allowed },
  });
}

function pathOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\/[^/]*/, '')
    .replace(/\?.*$/, '')
    .slice(0, 200);
}

/** Whether a request presents the key. Takes constant time. */
function presents(headers: Headers, key: string): boolean {
  const presented = /^\s*bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(presented), digest(key));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
