import type { ClientApi } from '../translation/conversation.ts';
import { type RouteSpeech, routeSpeech } from '../translation/targets.ts';
import type { Provider } from './snapshot.ts';

const CLIENT_APIS: readonly ClientApi[] = [
  'chat',
  'completions',
  'responses',
  'messages',
  'gemini',
  'embeddings',
];

/** How a route serves each client API, with and without tools. */
export interface ApiOnRoute {
  readonly api: ClientApi;
  readonly speech: RouteSpeech;
  /** The APIs that it may be translated to; empty: to none. */
  readonly to: readonly string[];
}

/** How a provider serves requests in each client API, for an upstream model. */
export function apisOnRoute(
  provider: Provider,
  route: Parameters<typeof routeSpeech>[1],
): readonly ApiOnRoute[] {
  return CLIENT_APIS.map((api) => {
    const speeches = [false, true].map((hasFunctionTools) =>
      routeSpeech(provider.speaks, route, { api, hasFunctionTools }),
    );
    const to = new Set(speeches.flatMap((speech) => (speech.kind === 'translate' ? [speech.api] : [])));
    return { api, speech: speeches[0] ?? { kind: 'none' }, to: [...to] };
  });
}

/** The same in a line: `untouched: chat, embeddings; translated: messages, gemini to chat`. */
export function describeApis(apis: readonly ApiOnRoute[]): string {
  const of = (kind: RouteSpeech['kind']): string[] =>
    apis.filter(({ speech }) => speech.kind === kind).map(({ api }) => api);
  const targets = new Map<string, string[]>();
  for (const { api, to } of apis)
    if (to.length > 0) targets.set(to.join(' or '), [...(targets.get(to.join(' or ')) ?? []), api]);
  const groups: [string, string][] = [
    ['untouched', of('pass').join(', ')],
    ['translated', [...targets].map(([to, from]) => `${from.join(', ')} to ${to}`).join('; ')],
    ['converted', of('vectors').join(', ')],
    ['untouched, or translated if the provider lacks it', of('try').join(', ')],
    ['not served', of('none').join(', ')],
  ];
  return groups.flatMap(([what, text]) => (text === '' ? [] : [`${what}: ${text}`])).join('; ');
}

/** The client APIs whose requests are translated for every model of a provider; empty if it depends on the model. */
export function translatedApis(provider: Provider): readonly ClientApi[] {
  if (provider.type === 'vertex' || provider.type === 'bedrock') return [];
  return apisOnRoute(provider, { model: '' })
    .filter(({ speech }) => speech.kind === 'translate')
    .map(({ api }) => api);
}
