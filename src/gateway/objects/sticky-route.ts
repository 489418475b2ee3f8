import type { Model } from '../../routing/route.ts';
import { referencedIds } from '../../protocols/named-in-body.ts';
import type { KnownOwner, ObjectOwners } from './object-owners.ts';

/** What a body has that goes on with a stored response, or names a file. */
const MARKS = ['"previous_response_id"', '"conversation"', '"file_id"'].map((mark) => Buffer.from(mark));

/**
 * The model with the routes of the provider first that made what the body refers to, such as its `previous_response_id`: no other
 * provider knows it. The same model where nothing of that is known; the other routes stay for when that provider fails.
 */
export async function withMakerFirst(
  model: Model,
  body: Uint8Array,
  owners: ObjectOwners | undefined,
): Promise<Model> {
  for (const id of owners === undefined ? [] : referencedIds(body)) {
    const maker = await owners?.find(id);
    if (maker !== undefined && model.routes.some(({ provider }) => maker.isProvider(provider)))
      return preferring(maker, model);
  }
  return model;
}

/** Whether a look at what the body refers to can change where the request goes. */
export function mayStick(model: Model, protocol: string, body: Uint8Array): boolean {
  if (protocol !== 'openai-responses' || model.routes.length < 2) return false;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return MARKS.some((mark) => bytes.includes(mark));
}

function preferring(maker: KnownOwner, model: Model): Model {
  const first = Math.min(...model.routes.map(({ priority }) => priority)) - 1;
  const routes = model.routes.map((route) =>
    maker.isProvider(route.provider) ? { ...route, priority: first } : route,
  );
  return { ...model, routes };
}
