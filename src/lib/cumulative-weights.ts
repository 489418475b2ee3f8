/**
 * Stretches of given lengths one behind the other. Which of them a place lies on is found in as many steps as their number
 * has digits.
 */
export class CumulativeWeights {
  /** Where each stretch ends. */
  readonly #ends: Float64Array;
  /** The sum of the lengths. */
  readonly length: number;

  /** @param lengths none negative, one of them greater than 0 */
  constructor(lengths: readonly number[]) {
    this.#ends = new Float64Array(lengths.length);
    let end = 0;
    for (const [index, length] of lengths.entries()) {
      end += length;
      this.#ends[index] = end;
    }
    this.length = end;
  }

  /** The stretch at that place, never one without length; the last one for what lies beyond the end. */
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
