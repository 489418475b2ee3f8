import { type Attempt, type Outcome, sentOf } from './outcome.ts';

/**
 * The attempts of a request in order: `openai/gpt-4o failed 500, azure/gpt-4o answered`. The response header and the
 * log use the same text.
 */
export function attemptsSummary(history: readonly Attempt[]): string {
  let summary = '';
  for (const { route, outcome, isResent } of history) {
    if (summary !== '') summary += ', ';
    summary += `${route.id} ${outcomeText(outcome)}${isResent === true ? ' (sent twice)' : ''}`;
  }
  return summary;
}

/** How many times the request was sent to providers. */
export function sendsOf(history: readonly Attempt[]): number {
  const sent = sentOf(history);
  let sends = sent.length;
  for (const { isResent } of sent) if (isResent === true) sends += 1;
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
    case 'unsuitable':
      return `unsuitable (${outcome.loss.path})`;
    case 'timed-out':
      return `timed-out (${outcome.phase})`;
  }
}
