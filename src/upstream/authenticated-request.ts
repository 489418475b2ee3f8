import type { UpstreamRequest } from '../gateway/ports.ts';

/** A request with the fields that authenticate it, where a key alone does not. */
export interface AuthenticatedRequest extends UpstreamRequest {
  readonly authentication?: Readonly<Record<string, string>>;
}
