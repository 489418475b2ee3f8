import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import { isTooLong, MAX_MODEL_BYTES } from '../../protocols/request.ts';
import type { Model, Route } from '../../routing/route.ts';
import { Refusal } from '../refusals.ts';

/** The client's key, and the configuration to resolve models in. */
export interface Asking {
  readonly key: MasterKey | undefined;
  readonly snapshot: Snapshot;
}

/** Whether any provider serves the API over WebSockets. */
export function isSpoken(api: WebSocketApi, { providers }: Snapshot): boolean {
  for (const { websockets } of providers.values()) if (websockets.includes(api)) return true;
  return false;
}

/**
 * Returns the named model with only those routes whose providers serve the API over WebSockets. Throws a `Refusal` if
 * there are none.
 */
export function speakingModel(name: string, api: WebSocketApi, { key, snapshot }: Asking): Model {
  requireAllowed(name, key);
  const model = snapshot.findModel(name);
  if (model === undefined) throw new Refusal('model_not_found', { model: name }, { param: 'model' });
  const speaks = (route: Route): boolean =>
    snapshot.providers.get(route.provider)?.websockets.includes(api) === true;
  const speaking = (one: Model): Model => ({ ...one, routes: one.routes.filter(speaks) });
  const fallbacks = model.fallbacks.map(speaking).filter(({ routes }) => routes.length > 0);
  const found = { ...speaking(model), fallbacks };
  if (found.routes.length === 0 && fallbacks.length === 0) throw notSupported();
  return found;
}

/** Throws if the key may not use the model, or the name is too long. */
export function requireAllowed(name: string, key: MasterKey | undefined): void {
  if (isTooLong(name)) {
    const problem = `The name of the model is longer than ${MAX_MODEL_BYTES} bytes.`;
    throw new Refusal('invalid_body', { problem }, { param: 'model' });
  }
  if (key !== undefined && !key.allows(name))
    throw new Refusal('model_not_allowed', { key: key.name, model: name }, { param: 'model' });
}

/** Returns the 426 refusal, upon which clients such as Codex use HTTP. */
export function notSupported(): Refusal {
  return new Refusal('websocket_not_supported', {}, { headers: { upgrade: 'HTTP/1.1' } });
}
