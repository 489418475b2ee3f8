import type { Model } from '../../routing/route.ts';
import type { Connected } from './connect.ts';
import type { Maker } from './response-reports.ts';
import { upstreamNameOf } from './upstream-names.ts';

/** The provider and model that create the responses of a connection. */
export function makerOf(connected: Connected | undefined, model: Model | undefined): Maker {
  const upstreamModel = model && connected && upstreamNameOf(model, connected);
  const provider = connected?.provider.name;
  return { provider, model: model?.name, servedAs: model?.rotation, upstreamModel };
}
