import type { UpstreamRequest } from '../gateway/ports.ts';

/** A request with its authentication fields, for providers that need more than an API key. */
export interface AuthenticatedRequest extends UpstreamRequest {
  readonly authentication?: Readonly<Record<string, string>>;
}
