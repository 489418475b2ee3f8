import { z } from 'zod';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Caller } from './access/caller.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';

/** The header that names the key on whose behalf the playground sends requests. */
const AS_HEADER = 'x-llm-proxy-as';

const APIS = [
  ['/v1/chat/completions', 'playgroundChat', 'a chat completion'],
  ['/v1/completions', 'playgroundCompletion', 'a completion'],
  ['/v1/responses', 'playgroundResponse', 'a response'],
  ['/v1/messages', 'playgroundMessage', 'a message'],
  ['/v1/embeddings', 'playgroundEmbedding', 'an embedding'],
  ['/v1/images/generations', 'playgroundImage', 'an image'],
] as const;

/** Operations of the playground: requests on behalf of a key, whose limits apply. */
export const playgroundOperations: readonly Operation[] = [
  {
    method: 'get',
    tag: 'playground',
    path: '/playground/models',
    access: 'key',
    id: 'listPlaygroundModels',
    summary: 'Models and keys of the playground',
    body: undefined,
    query: z.strictObject({ as: z.string().optional().meta({ description: 'The name of a key.' }) }),
    status: 200,
    answer: z.object({
      models: z.array(z.string()),
      patterns: z.array(z.string()).meta({ description: 'Further names that are served.' }),
      keys: z.array(z.string()).meta({ description: 'Keys that the caller may use.' }),
    }),
    run: async (call) => ({ version: undefined, body: modelsFor(call) }),
  },
  ...APIS.map(([path, id, what]): Operation => ({
    method: 'post',
    tag: 'playground',
    path: `/playground${path}`,
    access: 'asking',
    id,
    summary: `Send a request for ${what}`,
    description: `Works like \`POST ${path}\` of the gateway, on behalf of the key in the header \`${AS_HEADER}\`. The request is counted and limited like any request of that key. The session of a key always acts on behalf of that key.`,
    body: undefined,
    status: 200,
    answer: z.looseObject({}),
    run: async (call) => permit(call),
  })),
];

/** Names the key on whose behalf the request continues. The server reads it, and never passes it on. */
function permit({ caller, headers, store }: Call): Answer {
  const { access } = store.snapshot();
  const key = keyFor(caller, headers.get(AS_HEADER), access);
  return {
    version: undefined,
    body: {},
    headers: { 'x-llm-proxy-permit': key?.hash ?? '-', 'x-llm-proxy-role': caller?.role ?? '' },
  };
}

/** The enabled keys, each once. */
function keysOf(access: Snapshot['access']): MasterKey[] {
  if (access.kind === 'open') return [];
  const now = Date.now();
  const usable = [...access.keys.values()].filter((key) => key.enabled && key.refusedFromMs > now);
  return [...new Map(usable.map((key) => [key.id, key])).values()];
}

function keyFor(
  caller: Caller | undefined,
  name: string | null,
  access: Snapshot['access'],
): MasterKey | undefined {
  if (access.kind === 'open') return undefined;
  const keys = keysOf(access);
  const own = caller?.role === 'key' ? caller.session?.credential : undefined;
  const found =
    own !== undefined
      ? keys.find(({ hash }) => hash === own)
      : name === null
        ? keys.length === 1
          ? keys[0]
          : undefined
        : keys.find((key) => key.name === name || key.id === name);
  if (found !== undefined) return found;
  const message = name === null ? 'must name a key' : `names no enabled key: ${name}`;
  const details = [{ path: AS_HEADER, message }];
  throw new AdminProblem('invalid_parameter', `The header ${AS_HEADER} ${message}.`, { details });
}

function modelsFor({ caller, query, store }: Call) {
  const { access, models, patterns } = store.snapshot();
  const keys = caller?.role === 'key' ? [] : keysOf(access).map(({ name }) => name);
  const isOne = caller?.role === 'key' || query['as'] !== undefined;
  const key = isOne ? keyFor(caller, query['as'] ?? null, access) : undefined;
  return {
    models: [...models.keys()].filter((name) => key?.allows(name) !== false),
    patterns: patterns.filter((pattern) => key === undefined || key.unrestricted || key.allows(pattern)),
    keys,
  };
}
