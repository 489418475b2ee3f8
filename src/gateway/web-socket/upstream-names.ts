import type { Snapshot } from '../../config/snapshot.ts';
import { type NamedModel, renameModels } from '../../protocols/web-socket/client-message.ts';
import type { Model } from '../../routing/route.ts';
import { Refusal } from '../refusals.ts';
import type { Connected } from './connect.ts';

/**
 * Replaces the models in a message with the provider's names. Returns the same bytes if nothing changes. Throws if
 * this connection's provider does not serve a model.
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

/** Returns the name of a model at a connection's provider. Throws a `Refusal` if that provider does not serve it. */
export function upstreamNameOf(model: Model, { route, provider }: Connected): string {
  const routes = [model, ...model.fallbacks].flatMap((one) => one.routes);
  const same = routes.find(({ id }) => id === route.id);
  const found = same ?? routes.find((one) => one.provider === provider.name);
  if (found === undefined) throw new Refusal('model_elsewhere', { model: model.name }, { param: 'model' });
  return found.upstreamModel ?? model.name;
}

/** Returns the provider's name for a model other than the main one; undefined to keep the client's. */
function otherName(
  name: string,
  { snapshot, connected }: { readonly snapshot: Snapshot; readonly connected: Connected },
): string | undefined {
  const routes = snapshot.findModel(name)?.routes ?? [];
  return routes.find(({ provider }) => provider === connected.provider.name)?.upstreamModel;
}
