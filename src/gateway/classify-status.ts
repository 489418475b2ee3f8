import type { Detection } from '../config/snapshot.ts';
import type { Outcome } from '../routing/outcome.ts';

/** A complete answer that is no success: its status, its decoded body, and the wait that it asks for. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

/** What an answer without a 2xx status comes to: a refusal to deliver, or a failure to route around. */
export function classifyError({ status, text, retryAfterMs }: ErrorAnswer, detection: Detection): Outcome {
  // The answer to a condition that the client set.
  if (status === NOT_MODIFIED) return { kind: 'rejected', status };
  // Most redirects come of the path that was asked for, such as one with a slash too many.
  if (status < 400) {
    return { kind: 'failed', status, defect: 'redirect', retryAfterMs: undefined, fault: 'client' };
  }
  const byStatus = detection.isErrorStatus(status);
  const byPattern = !byStatus && contains(text, detection.errorPatterns);
  if (!byStatus && !byPattern) return { kind: 'rejected', status };
  if (status === 429) return { kind: 'rate-limited', status, retryAfterMs };
  return {
    kind: 'failed',
    status,
    defect: byPattern ? 'pattern' : undefined,
    retryAfterMs,
    fault: isClientFault(status, text) ? 'client' : 'provider',
  };
}

/** Whether one of the patterns is in the text, in any case of its letters. */
function contains(text: string, patterns: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return patterns.some((pattern) => lower.includes(pattern.toLowerCase()));
}

const NOT_MODIFIED = 304;

/** A provider that lacks an endpoint says 404, 405 or 501: it may serve all others. */
const CLIENT_FAULTS = new Set([400, 404, 405, 409, 413, 415, 422, 501]);

/** Codes by which providers say that they will not answer this prompt, whatever status they give it. */
const CONTENT_POLICY =
  /"(?:code|type)"\s*:\s*"(?:content_filter|content_policy_violation|moderation_blocked)"/;

function isClientFault(status: number, text: string): boolean {
  return CLIENT_FAULTS.has(status) || CONTENT_POLICY.test(text);
}
