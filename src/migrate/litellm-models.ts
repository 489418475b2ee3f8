import { isPattern, matcher } from '../config/compile/name-pattern.ts';
import type { Deployment } from './litellm-deployment.ts';
import { NotUnderstood } from './litellm-params.ts';
import { asObject, type Report } from './litellm-values.ts';
import type { Json, JsonObject } from '../store/revision.ts';

/**
 * Collects providers and models: LiteLLM repeats the provider with each model, while this configuration separates them.
 */
export class LitellmModels {
  readonly #taken: ReadonlyMap<string, string>;
  readonly #providers = new Map<string, JsonObject>();
  readonly #models = new Map<string, Json[]>();
  /** Names or patterns of entries that were left out. */
  readonly #leftOut = new Set<string>();
  /** Whether entries with unknown names were left out. */
  #hasUnknown = false;
  /** The places of the imported patterns. */
  readonly #patterns = new Map<string, string>();

  /** `taken`: base URLs by the names of existing providers, which must not be redirected. */
  constructor(taken: ReadonlyMap<string, string>) {
    this.#taken = taken;
  }

  /** Adds a route for `name`. Throws `NotUnderstood` without adding anything. */
  add(name: string, path: string, { prefix, model, provider, weight, order }: Deployment): void {
    if (isPattern(name) || isPattern(model)) {
      if (name !== model) throw new NotUnderstood('', 'a pattern that changes the name has no counterpart');
      const id = this.#provider(prefix, provider);
      const entry = this.#providers.get(id) ?? {};
      const mapping = { ...asObject(entry['model_mapping']), [name]: '*' };
      this.#providers.set(id, { ...entry, model_mapping: mapping });
      this.#patterns.set(name, path);
      return;
    }
    const route = {
      provider: this.#provider(prefix, provider),
      model,
      ...(weight !== undefined && { weight }),
      ...(order !== undefined && { priority: order }),
    };
    this.#models.set(name, [...(this.#models.get(name) ?? []), route]);
  }

  /** Records that an entry of this name was not imported; undefined: entries of any name. */
  leaveOut(name: string | undefined): void {
    if (name === undefined) this.#hasUnknown = true;
    else this.#leftOut.add(name);
  }

  has(model: string): boolean {
    return this.#models.has(model);
  }

  /** Whether a model is served, by its own entry or by a pattern. */
  serves(model: string): boolean {
    return this.has(model) || [...this.#patterns.keys()].some((pattern) => matcher(pattern)(model));
  }

  alias(name: string, target: string): void {
    this.#models.set(name, this.#models.get(target) ?? []);
  }

  /**
   * Removes patterns that would serve the names of skipped entries: their prompts would go to another vendor than the
   * file says. Call this after all entries.
   */
  dropLoosePatterns(report: Report): void {
    const missing = [...this.#leftOut].filter((name) => !this.has(name) && !this.#patterns.has(name));
    for (const [pattern, path] of this.#patterns) {
      const other = missing.find((name) => overlap(pattern, name));
      if (other === undefined && !this.#hasUnknown) continue;
      const what = other === undefined ? 'models' : `"${other}"`;
      report(path, `"${pattern}" would also serve ${what} of an entry that is not taken over`);
      this.#dropPattern(pattern);
    }
  }

  file(): JsonObject {
    return {
      providers: [...this.#providers].map(([name, provider]) => ({ name, ...provider })),
      models: Object.fromEntries([...this.#models].map(([name, routes]) => [name, { routes }])),
    };
  }

  #dropPattern(pattern: string): void {
    this.#patterns.delete(pattern);
    const inUse = new Set(
      [...this.#models.values()].flatMap((routes) => routes.map((route) => asObject(route)['provider'])),
    );
    for (const [id, entry] of this.#providers) {
      const { [pattern]: dropped, ...mapping } = asObject(entry['model_mapping']);
      if (dropped === undefined) continue;
      const { model_mapping: _, ...rest } = entry;
      const isEmpty = Object.keys(mapping).length === 0;
      // A provider without a mapping could serve any name.
      if (isEmpty && !inUse.has(id)) this.#providers.delete(id);
      else this.#providers.set(id, { ...rest, ...(!isEmpty && { model_mapping: mapping }) });
    }
  }

  /** The name of the provider with these settings, which is created if necessary. */
  #provider(prefix: string, settings: JsonObject): string {
    const text = JSON.stringify(settings);
    for (const [name, { model_mapping: _, ...known }] of this.#providers) {
      if (JSON.stringify(known) === text) return name;
    }
    for (let count = 1; ; count++) {
      const name = count === 1 ? prefix : `${prefix}-${count}`;
      const base = this.#taken.get(name);
      const isFree = base === undefined || base === settings['api_base'];
      if (!isFree || this.#providers.has(name)) continue;
      this.#providers.set(name, settings);
      return name;
    }
  }
}

/** Whether some name may match both patterns. Returns true where only a search could tell. */
function overlap(one: string, other: string): boolean {
  if (!isPattern(other)) return matcher(one)(other);
  const [head, otherHead] = [one.slice(0, one.indexOf('*')), other.slice(0, other.indexOf('*'))];
  const [tail, otherTail] = [one.slice(one.lastIndexOf('*') + 1), other.slice(other.lastIndexOf('*') + 1)];
  const isAlike = (a: string, b: string, fits: (long: string, short: string) => boolean): boolean =>
    fits(a, b) || fits(b, a);
  return (
    isAlike(head, otherHead, (long, short) => long.startsWith(short)) &&
    isAlike(tail, otherTail, (long, short) => long.endsWith(short))
  );
}
