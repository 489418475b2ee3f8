import type { MasterKey, Provider, Snapshot } from '../../config/snapshot.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { Model } from '../../routing/route.ts';
import type { AnswerOrigin } from './stored-answer.ts';

/** The providers behind the routes of a model and of its fallbacks. */
export function providersOf(model: Model, { providers }: Snapshot): Provider[] {
  const names = new Set([model, ...model.fallbacks].flatMap(({ routes }) => routes.map((r) => r.provider)));
  return [...names].flatMap((name) => providers.get(name) ?? []);
}

/** The prints of a snapshot's models. A new snapshot drops them. */
const PRINTS = new WeakMap<Snapshot, Map<string, string>>();

/** A hash of all settings that decide how a model answers. */
export function modelPrint({ name }: Model, snapshot: Snapshot): string {
  let prints = PRINTS.get(snapshot);
  if (prints === undefined) PRINTS.set(snapshot, (prints = new Map()));
  let print = prints.get(name);
  if (print !== undefined) return print;
  const model = snapshot.findModel(name);
  // A client may choose names that a pattern serves.
  if (prints.size >= MOST_PRINTS) prints.clear();
  prints.set(name, (print = model === undefined ? '' : printOf(model, snapshot)));
  return print;
}

const MOST_PRINTS = 1000;

function printOf(model: Model, snapshot: Snapshot): string {
  const { server, translation } = snapshot;
  const settings = [model, ...model.fallbacks].map((one) => [
    // Models name each other as fallbacks, so they cannot be written as they are.
    [one.name, one.routes, one.strategy],
    server.rewriteResponseModel(one.name),
    providersOf(one, snapshot).map((provider) => [
      { ...provider, pricing: undefined },
      translation(one.name, provider),
    ]),
  ]);
  return sha256Hex(JSON.stringify(settings));
}

/** Describes the settings behind the answers to a key's requests for a model. */
export function originOf(model: Model, key: MasterKey | undefined, snapshot: Snapshot): AnswerOrigin {
  const print = `${modelPrint(model, snapshot)} ${keyPrint(key)}`;
  return { model: model.name, keyId: key?.id, keyName: key?.name, print };
}

/** All settings of a key that decide what it may ask for. */
function keyPrint(key: MasterKey | undefined): string {
  if (key === undefined) return '';
  const { id, hash, enabled, allowedModels, mayRelaxTranslation, team, user } = key;
  return JSON.stringify([id, hash, enabled, allowedModels, mayRelaxTranslation, team?.path, user?.id]);
}
