import type { Snapshot } from '../../config/snapshot.ts';
import { type NamedModel, renameModels } from '../../protocols/web-socket/client-message.ts';
import type { Model } from '../../routing/route.ts';
import { Refusal } from '../refusals.ts';
import type { Connected } from './connect.ts';

/**
 * A message with the provider's names for the models in it; the same bytes where they are the client's. Throws where the provider of
 * this connection does not serve the model.
 */
export function withUpstreamNames(
  { bytes, models }: { readonly bytes: Uint8Array; readonly models: readonly NamedModel[] },
  model: Model,
  { snapshot, connected }: { readonly snapshot: Snapshot; readonly connected: Connected },
): Uint8Array {
  const upstreamName = upstreamNameOf(model, connected);
  return renameModels(bytes, models, ({ isMain, name }) =>
    isMain ? upstreamName : otherName(name, { snapshot, connected }),
  );
}

/** What the provider of a connection calls a model. Throws a `Refusal` where it does not serve it. */
export function upstreamNameOf(model: Model, { route, provider }: Connected): string {
  const routes = [model, ...model.fallbacks].flatMap((one) => one.routes);
  const same = routes.find(({ id }) => id === route.id);
  const found = same ?? routes.find((one) => one.provider === provider.name);
  if (found === undefined) throw new Refusal('model_elsewhere', { model: model.name }, { param: 'model' });
  return found.upstreamModel ?? model.name;
}

/** The provider's name for a model beside the main one; undefined: as the client wrote it. */
function otherName(
  name: string,
  { snapshot, connected }: { readonly snapshot: Snapshot; readonly connected: Connected },
): string | undefined {
  const routes = snapshot.findModel(name)?.routes ?? [];
  return routes.find(({ provider }) => provider === connected.provider.name)?.upstreamModel;
}
