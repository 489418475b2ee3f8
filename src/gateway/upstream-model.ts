import type { Route } from '../routing/route.ts';
import type { PlannedRequest } from './request-context.ts';

/** The provider's name of the model that a request is for; '' where it names none. */
export function upstreamModelOf({ plan }: PlannedRequest, { upstreamModel }: Route): string {
  if (upstreamModel !== undefined) return upstreamModel;
  const inBody = plan.peek.kind === 'malformed' ? undefined : plan.peek.model;
  return inBody ?? plan.modelInPath ?? '';
}
