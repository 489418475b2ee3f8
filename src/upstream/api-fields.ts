import type { UpstreamRequest, UpstreamTarget } from '../gateway/ports.ts';
import { betaHeader } from '../translation/carriage/betas.ts';

/** Sets the header fields that the provider's API requires, and removes those that it rejects. */
export function setApiFields(fields: Record<string, string>, request: UpstreamRequest): void {
  const { target, provider } = request;
  if (target !== undefined && target.body !== 'passed') setTargetFields(fields, target);
  if (provider.type === 'anthropic') setAnthropicFields(fields, request);
}

/** Client header fields that are specific to its API or describe the bodies it sends and accepts. */
export const OF_THE_API = /^(?:anthropic-|openai-|x-stainless-|x-goog-|x-amz-|accept|content-)/;

/** Sets the fields for a body that the gateway has translated or reframed. */
function setTargetFields(fields: Record<string, string>, target: UpstreamTarget): void {
  fields['content-type'] = 'application/json';
  delete fields['anthropic-version'];
  delete fields['anthropic-beta'];
  if (target.betas !== undefined) fields['anthropic-beta'] = target.betas;
  const isFramed = target.carriage === 'bedrock' || target.api === 'converse';
  // AWS refuses unsigned `x-amz-*` fields.
  if (isFramed) for (const name in fields) if (name.startsWith('x-amz-')) delete fields[name];
  if (target.body === 'translated' || isFramed) {
    fields['accept'] = acceptOf(target, isFramed);
    // The gateway must read these answers, and nothing here decompresses them.
    fields['accept-encoding'] = 'identity';
  }
}

function acceptOf({ isStream }: UpstreamTarget, isFramed: boolean): string {
  if (!isStream) return 'application/json';
  return isFramed ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
}

/** Anthropic refuses requests without a version and with unknown betas. */
function setAnthropicFields(
  fields: Record<string, string>,
  { provider, path, target }: UpstreamRequest,
): void {
  if (target !== undefined || isMessages(path)) fields['anthropic-version'] ??= '2023-06-01';
  const betas = fields['anthropic-beta'];
  if (betas === undefined || provider.anthropicBeta === 'pass') return;
  const kept = betaHeader(betas, provider.anthropicBeta);
  if (kept === undefined) delete fields['anthropic-beta'];
  else fields['anthropic-beta'] = kept;
}

function isMessages(path: string): boolean {
  return path === '/v1/messages' || path.startsWith('/v1/messages/');
}
