/** Adjacent intervals of given lengths. `at` finds the interval at an offset by binary search. */
export class CumulativeWeights {
  /** The end offset of each interval. */
  readonly #ends: Float64Array;
  /** The sum of all lengths. */
  readonly length: number;

  /** @param lengths none negative, at least one greater than 0 */
  constructor(lengths: readonly number[]) {
    this.#ends = new Float64Array(lengths.length);
    let end = 0;
    for (const [index, length] of lengths.entries()) {
      end += length;
      this.#ends[index] = end;
    }
    this.length = end;
  }

  /** The index of the interval at that offset, never of an empty one; beyond the end, the last one. */
  at(place: number): number {
    const ends = this.#ends;
    const isBeyond = place >= this.length;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = ends[middle] ?? 0;
      if (isBeyond ? end >= this.length : end > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  startOf(index: number): number {
    return this.#ends[index - 1] ?? 0;
  }

  endOf(index: number): number {
    return this.#ends[index] ?? this.length;
  }
}
