/** A number with its unit, as short as Grafana writes it; bytes are given in MiB. */
export function unitText(value: number, unit: string): string {
  const [, suffix] = /^suffix: (.*)$/.exec(unit) ?? [];
  if (suffix !== undefined) return `${short(value)} ${suffix}`;
  switch (unit) {
    case 'reqps':
      return `${short(value)} req/s`;
    case 'cps':
      return `${short(value)}/s`;
    case 'percentunit':
      return `${trimmed(value * 100)} %`;
    case 's':
      return seconds(value);
    case 'bytes':
      return `${trimmed(value)} MiB`;
    default:
      return short(value);
  }
}

function seconds(value: number): string {
  if (value === 0) return '0 s';
  if (value < 0.001) return `${trimmed(value * 1e6)} µs`;
  if (value < 1) return `${trimmed(value * 1e3)} ms`;
  return value < 120 ? `${trimmed(value)} s` : `${trimmed(value / 60)} min`;
}

function short(value: number): string {
  if (Math.abs(value) >= 1e6) return `${trimmed(value / 1e6)} M`;
  return Math.abs(value) >= 1e4 ? `${trimmed(value / 1e3)} k` : trimmed(value);
}

/** Three significant digits. */
function trimmed(value: number): string {
  return String(
    Number(value.toPrecision(Math.abs(value) >= 100 ? Math.trunc(Math.log10(Math.abs(value))) + 1 : 3)),
  );
}
