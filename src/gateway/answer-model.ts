import type { PlannedRequest } from './request-context.ts';

/** Returns the client's own name for the model if answers are to show it. */
export function shownModel({ plan, snapshot }: PlannedRequest): string | undefined {
  const { peek } = plan;
  const named = (peek.kind === 'malformed' ? undefined : peek.model) ?? plan.modelInPath;
  return named !== undefined && snapshot.server.rewriteResponseModel(named) ? named : undefined;
}
