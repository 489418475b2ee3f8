import type { NumberRecord } from '../lib/number-table.ts';

/** The record of an estimate of the 95th percentile, for a `NumberTable`. */
export const QUANTILE_FIELDS = [
  'count',
  'turns',
  'last',
  'lastMiddle',
  'height1',
  'height2',
  'height3',
  'height4',
  'height5',
  'place2',
  'place3',
  'place4',
] as const;
export type QuantileRecord = NumberRecord<(typeof QUANTILE_FIELDS)[number]>;

/** The quantile that is estimated. */
const QUANTILE = 0.95;

/** Values of one turn. The algorithm never forgets a value, so the estimate begins anew after each turn. */
const TURN = 512;

/** Below this many values of a new turn, the estimate of the last turn counts. */
const ENOUGH = 256;

/**
 * Adds a value to the estimate by the P² algorithm (Jain and Chlamtac 1985), which keeps five heights instead of the
 * values: the minimum, the maximum, the quantile, and two between them.
 */
export function noteValue(record: QuantileRecord, value: number): void {
  if (record.count >= TURN) {
    record.last = record.height3;
    record.lastMiddle = record.height2;
    record.turns += 1;
    record.count = 0;
  }
  record.count += 1;
  if (record.count <= 5) return insertFirst(record, value);
  read(record);
  if (value < at(heights, 0)) heights[0] = value;
  if (value > at(heights, 4)) heights[4] = value;
  for (let marker = 1; marker <= 3; marker++)
    if (value < at(heights, marker)) places[marker] = at(places, marker) + 1;
  for (let marker = 1; marker <= 3; marker++) moveMarker(marker);
  write(record, heights, places);
}

/** The five markers of the record at hand, which spare new lists for each value. */
const heights = [0, 0, 0, 0, 0];
const places = [0, 0, 0, 0, 0];

function read(record: Readonly<QuantileRecord>): void {
  heights[0] = record.height1;
  heights[1] = record.height2;
  heights[2] = record.height3;
  heights[3] = record.height4;
  heights[4] = record.height5;
  places[0] = 1;
  places[1] = record.place2;
  places[2] = record.place3;
  places[3] = record.place4;
  places[4] = record.count;
}

/** The estimate; undefined: there are fewer than `least` values. */
export function quantileOf(record: Readonly<QuantileRecord>, least: number): number | undefined {
  if (record.turns > 0 && record.count < ENOUGH) return record.last;
  if (record.count < least) return undefined;
  // The third of five heights is the median of the first values, far below the quantile.
  return record.count < 6 ? Math.max(record.height4, record.height5) : record.height3;
}

/**
 * The estimate of about the median, the lower of the two heights around it; undefined if `quantileOf` is or the estimate
 * is too young to tell them apart.
 */
export function middleOf(record: Readonly<QuantileRecord>, least: number): number | undefined {
  if (record.turns > 0 && record.count < ENOUGH) return record.lastMiddle;
  return record.count < least || record.count < 6 ? undefined : record.height2;
}

/** Sorts one of the first five values in. */
function insertFirst(record: QuantileRecord, value: number): void {
  const known = [record.height1, record.height2, record.height3, record.height4, record.height5];
  const sorted = [...known.slice(0, record.count - 1), value].sort((a, b) => a - b);
  const last = at(sorted, sorted.length - 1);
  while (sorted.length < 5) sorted.push(last);
  write(record, sorted, [1, 2, 3, 4, 5]);
}

/** Moves a marker by one place if it is at least that far from where its share of the values puts it. */
function moveMarker(marker: number): void {
  const place = at(places, marker);
  const distance = 1 + (at(places, 4) - 1) * at(SHARES, marker) - place;
  const step = Math.sign(distance);
  if (Math.abs(distance) < 1 || Math.abs(at(places, marker + step) - place) <= 1) return;
  const height = parabola(marker, step);
  const isBetween = height > at(heights, marker - 1) && height < at(heights, marker + 1);
  heights[marker] = isBetween ? height : line(marker, step);
  places[marker] = place + step;
}

const SHARES = [0, QUANTILE / 2, QUANTILE, (1 + QUANTILE) / 2, 1];

function parabola(marker: number, step: number): number {
  const before = at(places, marker - 1);
  const here = at(places, marker);
  const after = at(places, marker + 1);
  const height = at(heights, marker);
  const up = ((here - before + step) * (at(heights, marker + 1) - height)) / (after - here);
  const down = ((after - here - step) * (height - at(heights, marker - 1))) / (here - before);
  return height + (step / (after - before)) * (up + down);
}

function line(marker: number, step: number): number {
  const height = at(heights, marker);
  const run = at(places, marker + step) - at(places, marker);
  return height + (step * (at(heights, marker + step) - height)) / run;
}

function write(record: QuantileRecord, high: readonly number[], place: readonly number[]): void {
  record.height1 = at(high, 0);
  record.height2 = at(high, 1);
  record.height3 = at(high, 2);
  record.height4 = at(high, 3);
  record.height5 = at(high, 4);
  record.place2 = at(place, 1);
  record.place3 = at(place, 2);
  record.place4 = at(place, 3);
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? 0;
}
