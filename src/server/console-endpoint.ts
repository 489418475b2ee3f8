import { Refusal } from '../gateway/refusals.ts';
import type { ServerState } from './server-state.ts';

/** Whether a path is the console's, whether it is served or not. */
export function isOfConsole(path: string, { gateway }: ServerState): boolean {
  const { path: base } = gateway.snapshot().console;
  return path.startsWith(base) && (path.length === base.length || path[base.length] === '/');
}

/** The console at its path and below: public, since it shows nothing without a sign-in. */
export function readConsole(
  request: Request,
  path: string,
  { gateway, console, admin, part }: ServerState,
): Promise<Response> | Response {
  const { enabled } = gateway.snapshot().console;
  if (!enabled || console === undefined || part === 'api') throw new Refusal('path_not_found', { path });
  if (admin !== undefined) return console(request, path);
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(HOW_TO_ENABLE, { status: 404, headers });
}

/** Refuses what the listener of the Admin API does not answer: the API itself is on the main one. */
export function requireAdminPart(path: string, state: ServerState): void {
  if (isOfConsole(path, state) || OF_THE_ADMIN_PART.test(path)) return;
  throw new Refusal('path_not_found', { path });
}

/** The paths that the pages of the console and load balancers read. */
const OF_THE_ADMIN_PART = /^\/(?:v1\/key|docs|openapi\.json|health|healthz|readyz)(?:\/|$)/;

const HOW_TO_ENABLE =
  'The console is off, because nobody could sign in. Set ADMIN_KEY in the environment of the gateway to a secret of 16 or more characters, and start it again.\n';
