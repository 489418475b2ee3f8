import type { UpstreamRequest, UpstreamTarget } from '../gateway/ports.ts';
import { typeOf } from '../translation/targets.ts';
import { type UpstreamCall, upstreamUrl } from '../translation/upstream-url.ts';
import { joinUrl } from './url.ts';

/**
 * Returns the URL to send the request to, derived from its target if it has one, otherwise from the client's path.
 * undefined if the provider has no such method.
 */
export function requestUrl(request: UpstreamRequest): string | undefined {
  const { provider } = request;
  const target = request.target ?? vertexChat(request);
  if (target === undefined) return joinUrl(request);
  const { apiBase, speaks, project, location, region } = provider;
  const { apiVersion } = speaks;
  const { api, carriage, model } = target;
  const place = { type: typeOf(speaks), apiBase, apiVersion, project, location, region };
  return upstreamUrl(place, { api, carriage, model, operation: operationOf(target) });
}

/**
 * Vertex serves the Chat API of non-Google models below a separate path, also when the client's body is passed
 * through.
 */
function vertexChat({ provider, path }: UpstreamRequest): UpstreamTarget | undefined {
  return provider.type === 'vertex' && path === '/v1/chat/completions' ? VERTEX_CHAT : undefined;
}

const VERTEX_CHAT: UpstreamTarget = {
  api: 'chat',
  operation: 'generate',
  carriage: 'vertex',
  // The body names the model.
  model: '',
  isStream: false,
  body: 'passed',
};

function operationOf({ operation, isStream }: UpstreamTarget): UpstreamCall['operation'] {
  switch (operation) {
    case 'generate':
      return isStream ? 'stream' : 'generate';
    case 'count':
      return 'count';
    case 'embed':
      return 'vectors';
  }
}
