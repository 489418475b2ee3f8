import { Refusal } from '../gateway/refusals.ts';
import type { ServerState } from './server-state.ts';

/** `/openapi.json` and everything at and below `/docs`: public, unless `docs.enabled` is off. */
export async function readDocs(
  request: Request,
  path: string,
  { gateway, docs }: ServerState,
): Promise<Response> {
  const answer = gateway.snapshot().docs.enabled ? await docs(request, path) : undefined;
  if (answer === undefined) throw new Refusal('path_not_found', { path });
  return answer;
}
