import type { Model } from '../../routing/route.ts';
import { referencedIds } from '../../protocols/named-in-body.ts';
import type { KnownOwner, ObjectOwners } from './object-owners.ts';

/** Members that continue a stored response or refer to a file. */
const MARKS = ['"previous_response_id"', '"conversation"', '"file_id"'].map((mark) => Buffer.from(mark));

/**
 * Moves the routes of the provider to the front that created what the body refers to, such as its
 * `previous_response_id`, since no other provider knows it. The other routes remain as fallbacks. Returns the same
 * model if the creator is unknown.
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

/** Whether the objects in the body can influence the choice of route. */
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
