import type { Detection } from '../config/snapshot.ts';
import type { Outcome } from '../routing/outcome.ts';

/** A complete non-2xx answer: its status, decoded body, and requested wait. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

/** Classifies an answer without a 2xx status: a rejection to deliver, or a failure to route around. */
export function classifyError({ status, text, retryAfterMs }: ErrorAnswer, detection: Detection): Outcome {
  // 304 answers a condition that the client set.
  if (status === NOT_MODIFIED) return { kind: 'rejected', status };
  // Most redirects are caused by the requested path, such as a duplicate slash.
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

/** Whether the text contains one of the patterns, ignoring case. */
function contains(text: string, patterns: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return patterns.some((pattern) => lower.includes(pattern.toLowerCase()));
}

const NOT_MODIFIED = 304;

/** Includes 404, 405 and 501: a provider that lacks one endpoint may serve all others. */
const CLIENT_FAULTS = new Set([400, 404, 405, 409, 413, 415, 422, 501]);

/** Codes by which providers refuse a prompt, with any status. */
const CONTENT_POLICY =
  /"(?:code|type)"\s*:\s*"(?:content_filter|content_policy_violation|moderation_blocked)"/;

function isClientFault(status: number, text: string): boolean {
  return CLIENT_FAULTS.has(status) || CONTENT_POLICY.test(text);
}
