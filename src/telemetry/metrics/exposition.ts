import type { FamilyDump, Merge, SeriesDump } from './metric-family.ts';

/** The media type of `renderMetrics`. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics in Prometheus's text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
export function renderMetrics(families: readonly FamilyDump[]): string {
  const lines: string[] = [];
  for (const family of families) {
    if (family.series.length === 0) continue;
    lines.push(`# HELP ${family.name} ${escapeHelp(family.help)}`, `# TYPE ${family.name} ${family.type}`);
    for (const series of family.series) {
      if (family.type === 'histogram') renderHistogram(family, series, lines);
      else lines.push(`${family.name}${labelText(family.labelNames, series.labels)} ${series.value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Merges the metrics of several processes. Families match by name, series by labels. */
export function mergeMetrics(dumps: readonly (readonly FamilyDump[])[]): FamilyDump[] {
  const families = new Map<string, FamilyDump>();
  for (const family of dumps.flat()) {
    const known = families.get(family.name);
    families.set(family.name, known === undefined ? family : mergeFamilies(known, family));
  }
  return [...families.values()];
}

function mergeFamilies(left: FamilyDump, right: FamilyDump): FamilyDump {
  const series = new Map(left.series.map((one) => [JSON.stringify(one.labels), one]));
  for (const one of right.series) {
    const key = JSON.stringify(one.labels);
    const known = series.get(key);
    series.set(key, known === undefined ? one : mergeSeries(known, one, left.merge));
  }
  return { ...left, series: [...series.values()] };
}

function mergeSeries(left: SeriesDump, right: SeriesDump, merge: Merge): SeriesDump {
  return {
    labels: left.labels,
    value: mergedValue(left, right, merge),
    counts: left.counts.map((count, bucket) => count + (right.counts[bucket] ?? 0)),
    atMs: Math.max(left.atMs, right.atMs),
  };
}

function mergedValue(left: SeriesDump, right: SeriesDump, merge: Merge): number {
  switch (merge) {
    case 'sum':
      return left.value + right.value;
    case 'max':
      return Math.max(left.value, right.value);
    case 'min':
      return Math.min(left.value, right.value);
    case 'latest':
      return left.atMs > right.atMs ? left.value : right.value;
  }
}

function renderHistogram(
  { name, labelNames, bounds }: FamilyDump,
  series: SeriesDump,
  lines: string[],
): void {
  const pairs = labelPairs(labelNames, series.labels);
  const before = `${name}_bucket{${pairs}${pairs === '' ? '' : ','}le="`;
  let total = 0;
  for (const [bucket, count] of series.counts.entries()) {
    total += count;
    lines.push(`${before}${bounds[bucket] ?? '+Inf'}"} ${total}`);
  }
  const labels = labelText(labelNames, series.labels);
  lines.push(`${name}_sum${labels} ${series.value}`, `${name}_count${labels} ${total}`);
}

function labelText(names: readonly string[], values: readonly string[]): string {
  return names.length === 0 ? '' : `{${labelPairs(names, values)}}`;
}

function labelPairs(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',');
}

function escapeLabel(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').toWellFormed();
}

/** Characters that are rare in the names that labels hold. */
const NEEDS_ESCAPE = /[^\w /.:*@-]/;

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
