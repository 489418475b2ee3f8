import { expectedNeed } from '../../limits/hold.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { sizeOf } from '../limits/request-size.ts';
import type { Gateway } from '../ports.ts';
import type { PlannedRequest } from '../request-context.ts';
import type { LaterWork } from './later-costs.ts';

/** Returns the kind of work that a request begins and its provider goes on with; undefined for nearly all requests. */
export function laterKind({ request, plan }: PlannedRequest): LaterWork['kind'] | undefined {
  if (request.method !== 'POST') return undefined;
  if (request.path.endsWith('/batches')) return 'batch';
  return plan.clientProtocol.name === 'openai-responses' && isBackground(plan.body) ? 'response' : undefined;
}

const BACKGROUND = Buffer.from('"background"');

/** An approximate match: a wrong guess costs only a row that nothing settles. */
function isBackground(body: Uint8Array): boolean {
  // A view of its own for each body would cost more than the search.
  const at = Buffer.prototype.indexOf.call(body, BACKGROUND);
  if (at === -1) return false;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return /^\s{0,8}:\s{0,8}true/.test(bytes.toString('latin1', at + BACKGROUND.length, at + 64));
}

/** The usage that a background response is charged until its own is known: what a request like it is expected to use. */
export function expectedUsage(planned: PlannedRequest, { estimates }: Gateway): Usage | Promise<Usage> {
  const { model, body } = planned.plan;
  const size = sizeOf(body, true);
  const usage = (known: Awaited<typeof size>): Usage => {
    const { input, output } = expectedNeed(known, {
      tokensPerByte: estimates.tokensPerByte(model.name),
      outputTokens: estimates.outputs(planned.key?.id, model.name).high,
    });
    return {
      inputTokens: input,
      outputTokens: output,
      totalTokens: input + output,
      cachedTokens: undefined,
      reasoningTokens: undefined,
    };
  };
  return size instanceof Promise ? size.then(usage) : usage(size);
}
