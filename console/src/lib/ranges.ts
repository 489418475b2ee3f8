export interface Range {
  readonly id: string;
  readonly label: string;
  readonly seconds: number;
}

/** The spans of time that pages offer. */
export const RANGES: readonly Range[] = [
  { id: '15m', label: '15 min', seconds: 900 },
  { id: '1h', label: '1 h', seconds: 3600 },
  { id: '6h', label: '6 h', seconds: 21_600 },
  { id: '24h', label: '24 h', seconds: 86_400 },
  { id: '7d', label: '7 d', seconds: 604_800 },
  { id: '30d', label: '30 d', seconds: 2_592_000 },
];

export function rangeOf(id: string | undefined, fallback = '1h'): Range {
  const find = (name: string): Range | undefined => RANGES.find((range) => range.id === name);
  return find(id ?? fallback) ?? find(fallback) ?? { id: '1h', label: '1 h', seconds: 3600 };
}
