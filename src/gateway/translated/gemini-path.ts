import { modelAndVerb } from '../objects/path-subject.ts';
import type { UpstreamTarget } from '../ports.ts';
import type { AttemptContext } from '../prepared-request.ts';

/**
 * Returns the path or target of a Gemini request that is passed through. The model in the path is replaced by the
 * route's. Vertex has separate URLs.
 */
export function passedGeminiPath({ planned, route, provider }: AttemptContext): {
  readonly path?: string;
  readonly target?: UpstreamTarget;
} {
  const { request, plan } = planned;
  const named = modelAndVerb(request.path);
  if (named === undefined) return {};
  const model = route.upstreamModel ?? named.model;
  if (provider.type === 'vertex' && plan.call !== undefined) {
    const { operation } = plan.call;
    const isStream = plan.isStream;
    return { target: { api: 'gemini', operation, carriage: 'vertex', model, isStream, body: 'passed' } };
  }
  if (provider.type !== 'gemini' && model === named.model) return {};
  const version = /^\/v1(?:beta|alpha)?(?=\/models\/)/.exec(request.path)?.[0] ?? '/v1beta';
  return { path: `${version}/models/${encodeURIComponent(model)}:${named.verb}` };
}
