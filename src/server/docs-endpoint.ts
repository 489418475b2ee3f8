import { Refusal } from '../gateway/refusals.ts';
import type { ServerState } from './server-state.ts';

/** The page about the API, as the server knows it. Answers undefined to a path where it has nothing. */
export type DocsEndpoint = (request: Request, path: string) => Promise<Response | undefined>;

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
