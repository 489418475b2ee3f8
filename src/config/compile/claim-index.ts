import { type Claim, NO_CLAIMS } from '../../limits/claim.ts';
import { isPattern } from './name-pattern.ts';
import type { FilteredClaim } from './claim-maker.ts';

/** Clients choose the names of models where a pattern serves any. */
const MOST_MODELS = 1_000;

/** The claims of one key by public model. Models with the same claims get the same list. */
export class ClaimIndex {
  readonly #claims: readonly FilteredClaim[];
  /** The list for every model; undefined: it depends on the model. */
  readonly #forAll: readonly Claim[] | undefined;
  /** Made where it depends on the model. */
  readonly #byModel: Map<string, readonly Claim[]> | undefined;
  readonly #bySubset: Map<string, readonly Claim[]> | undefined;

  /** `claims`: the nearest scope first. */
  constructor(claims: readonly FilteredClaim[]) {
    const inOrder = claims.some(({ claim }) => claim.isSoft)
      ? [...claims.filter(({ claim }) => !claim.isSoft), ...claims.filter(({ claim }) => claim.isSoft)]
      : claims;
    if (inOrder.every(({ fits }) => fits === undefined)) {
      this.#claims = NONE;
      this.#forAll = listOf(inOrder);
      return;
    }
    this.#claims = inOrder;
    this.#byModel = new Map();
    this.#bySubset = new Map();
  }

  /** Whatever their models, in the order of the lists. */
  get all(): readonly Claim[] {
    return this.#forAll ?? listOf(this.#claims);
  }

  claimsFor(publicModel: string): readonly Claim[] {
    if (this.#forAll !== undefined) return this.#forAll;
    const known = this.#byModel?.get(publicModel);
    if (known !== undefined) return known;
    const fitting = this.#claims.filter(({ fits }) => fits === undefined || fits(publicModel));
    const subset = fitting.map(({ claim }) => claim.counter).join('\n');
    const list = this.#bySubset?.get(subset) ?? listOf(fitting);
    this.#bySubset?.set(subset, list);
    if (this.#byModel !== undefined && this.#byModel.size >= MOST_MODELS) this.#byModel.clear();
    this.#byModel?.set(publicModel, list);
    return list;
  }

  /** The most claims that any of the models has, or any model that a filter names. */
  mostAtOnce(models: Iterable<string>): number {
    if (this.#forAll !== undefined) return this.#forAll.length;
    const named = this.#claims.flatMap(({ claim }) => claim.models ?? []);
    // The shortest name that matches the pattern.
    const names = new Set([
      ...models,
      ...named.map((name) => (isPattern(name) ? name.replaceAll('*', '') : name)),
    ]);
    const countOf = (name: string): number =>
      this.#claims.reduce((sum, { fits }) => sum + (fits === undefined || fits(name) ? 1 : 0), 0);
    return Math.max(0, ...[...names].map(countOf));
  }
}

const NONE: readonly FilteredClaim[] = [];

function listOf(claims: readonly FilteredClaim[]): readonly Claim[] {
  return claims.length === 0 ? NO_CLAIMS : claims.map(({ claim }) => claim);
}
