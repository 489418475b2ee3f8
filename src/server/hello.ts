import type { ServerState } from './server-state.ts';

/**
 * `/`, and `/api/hello`, which Claude Code requests to see whether its API is reachable. A browser is redirected to the
 * page about the API; everybody else gets a short text that says where to go on.
 */
export function hello({ headers }: Request, path: string, { gateway }: ServerState): Response {
  const hasDocs = gateway.snapshot().docs.enabled;
  if (path === '/' && hasDocs && headers.get('accept')?.includes('text/html') === true)
    return new Response(null, { status: 302, headers: { location: '/docs', vary: 'accept' } });
  return Response.json(
    {
      message: 'llm-proxy',
      models: '/v1/models',
      ...(hasDocs && { docs: '/docs', openapi: '/openapi.json' }),
    },
    { headers: { vary: 'accept' } },
  );
}
