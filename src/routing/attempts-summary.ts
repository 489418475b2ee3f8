import type { Attempt, Outcome } from './outcome.ts';

/**
 * The attempts of a request in the order in which they were made: `openai/gpt-4o failed 500, azure/gpt-4o answered`. The
 * same words stand in the header of the answer and in the log.
 */
export function story(history: readonly Attempt[]): string {
  return history.map(({ route, outcome }) => `${route.id} ${outcomeText(outcome)}`).join(', ');
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
