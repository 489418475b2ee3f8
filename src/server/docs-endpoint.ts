import { Refusal } from '../gateway/refusals.ts';
import type { ServerState } from './server-state.ts';

/** `/openapi.json`, and what is at and below `/docs`: for everybody, unless the setting `docs.enabled` says no. */
export async function readDocs(
  request: Request,
  path: string,
  { gateway, docs }: ServerState,
): Promise<Response> {
  const answer = gateway.snapshot().docs.enabled ? await docs(request, path) : undefined;
  if (answer === undefined) throw new Refusal('path_not_found', { path });
  return answer;
}
