import type { Route } from '../routing/route.ts';
import type { PlannedRequest } from './request-context.ts';

/** Returns the provider's name for the request's model; '' if the request names none. */
export function upstreamModelOf({ plan }: PlannedRequest, { upstreamModel }: Route): string {
  if (upstreamModel !== undefined) return upstreamModel;
  const inBody = plan.peek.kind === 'malformed' ? undefined : plan.peek.model;
  return inBody ?? plan.modelInPath ?? '';
}
