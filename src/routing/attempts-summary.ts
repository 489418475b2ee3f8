import type { Attempt, Outcome } from './outcome.ts';

/**
 * The attempts of a request in order: `openai/gpt-4o failed 500, azure/gpt-4o answered`. The response header and the
 * log use the same text.
 */
export function attemptsSummary(history: readonly Attempt[]): string {
  return history
    .map(
      ({ route, outcome, isResent }) =>
        `${route.id} ${outcomeText(outcome)}${isResent === true ? ' (sent twice)' : ''}`,
    )
    .join(', ');
}

/** How many times the request was sent to providers. */
export function sendsOf(history: readonly Attempt[]): number {
  let sends = history.length;
  for (const { isResent } of history) if (isResent === true) sends += 1;
  return sends;
}

/** An outcome in a word or two. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
    case 'cancelled':
      return outcome.kind;
    case 'rejected':
    case 'rate-limited':
      return `${outcome.kind} ${outcome.status}`;
    case 'failed':
      return `failed ${outcome.status}${outcome.defect === undefined ? '' : ` (${outcome.defect})`}`;
    case 'unreachable':
      return `unreachable (${outcome.reason})`;
    case 'timed-out':
      return `timed-out (${outcome.phase})`;
  }
}
