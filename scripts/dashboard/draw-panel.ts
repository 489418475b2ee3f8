import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { arc, area, line, pie } from 'd3-shape';
import { type DashboardPanel, fixedColor, mappedText } from './dashboard-file.ts';
import { unitText } from './unit-text.ts';

/** One series of a panel. A moment without a measurement has the value NaN. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

const COLORS = ['#3f7fd6', '#2f9e6e', '#e08a2c', '#8a5fc9', '#c74a6f', '#2aa3b3', '#8c8c3a', '#6b7a90'];
const NAMED: Readonly<Record<string, string>> = {
  green: '#2f9e5b',
  orange: '#e08a2c',
  yellow: '#d8b21f',
  red: '#d1414a',
  blue: '#3f7fd6',
  purple: '#8a5fc9',
};
const INK = '#27303f';
const FAINT = '#6b7688';
const GRID = '#e8ecf1';
const TITLE_HEIGHT = 30;
/** Half of a moment's name. */
const RIGHT = 24;

/** One panel with its frame, as the inside of an SVG. `minutes` are the times of the values. */
export function drawPanel(
  panel: DashboardPanel,
  series: readonly Series[],
  minutes: readonly number[],
  { width, height }: Box,
): string {
  const frame = `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="4" fill="#fff" stroke="#dde2ea"/>`;
  const size = panel.type === 'stat' ? 11 : 12.5;
  const title = text(panel.title, { x: 12, y: 20, size, color: INK, weight: 600 });
  return frame + title + inside(panel, inMebibytes(panel, series), minutes, { width, height });
}

function inside(
  panel: DashboardPanel,
  series: readonly Series[],
  minutes: readonly number[],
  box: Box,
): string {
  switch (panel.type) {
    case 'row':
      return '';
    case 'stat':
      return drawStat(panel, series, box);
    case 'piechart':
      return drawPie(panel, series, box);
    case 'state-timeline':
      return drawStates(series, minutes, box);
    case 'timeseries':
      return drawLines(panel, series, minutes, box);
  }
}

/** Bytes in steps that are round in the displayed unit. */
function inMebibytes(panel: DashboardPanel, series: readonly Series[]): readonly Series[] {
  if (panel.fieldConfig?.defaults.unit !== 'bytes') return series;
  return series.map(({ name, values }) => ({ name, values: values.map((value) => value / 2 ** 20) }));
}

const unitOf = ({ fieldConfig }: DashboardPanel): string => fieldConfig?.defaults.unit ?? 'short';

/** The last values, large. */
function drawStat(panel: DashboardPanel, series: readonly Series[], { width, height }: Box): string {
  const size = series.length > 1 ? 19 : 22;
  const step = (height - TITLE_HEIGHT) / series.length;
  return series
    .map(({ name, values }, index) => {
      const value = values.findLast((each) => !Number.isNaN(each)) ?? Number.NaN;
      const word = mappedText(panel, name, value);
      const shown = word?.text ?? unitText(value, unitOf(panel));
      const y = TITLE_HEIGHT + step * (index + 0.5) + (series.length > 1 ? -7 : 2);
      const color = NAMED[word?.color ?? levelOf(panel, value)] ?? INK;
      const large = text(shown, { x: width / 2, y: y + 4, size, color, weight: 600, anchor: 'middle' });
      return large + text(name, { x: width / 2, y: y + 18, size: 10, color: FAINT, anchor: 'middle' });
    })
    .join('');
}

function levelOf({ fieldConfig }: DashboardPanel, value: number): string {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'blue';
}

function drawPie(panel: DashboardPanel, series: readonly Series[], { width, height }: Box): string {
  const last = series.map(({ values }) => values.at(-1) ?? 0);
  const total = last.reduce((sum, value) => sum + value, 0);
  const radius = (height - TITLE_HEIGHT) / 2 - 12;
  const slice = arc<{ startAngle: number; endAngle: number; padAngle: number }>()
    .innerRadius(radius * 0.55)
    .outerRadius(radius);
  const slices = pie<number>().sort(null).padAngle(0.02)(last);
  const paths = slices.map(
    (each, index) => `<path d="${slice(each)}" fill="${colorOf(panel, series, index)}"/>`,
  );
  const legend = series.map(({ name }, index) => {
    const y = TITLE_HEIGHT + 34 + index * 20;
    const share = `${Math.round(((last[index] ?? 0) / total) * 100)} %`;
    const x = radius * 2 + 50;
    return (
      swatch(x, y, colorOf(panel, series, index)) +
      text(name, { x: x + 16, y, size: 11, color: INK }) +
      text(share, { x: width - 20, y, size: 11, color: FAINT, anchor: 'end' })
    );
  });
  return `<g transform="translate(${radius + 24} ${TITLE_HEIGHT + radius + 4})">${paths.join('')}</g>${legend.join('')}`;
}

/** A bar for each series, green where it is 1. */
function drawStates(series: readonly Series[], minutes: readonly number[], { width, height }: Box): string {
  const [left, bottom] = [90, 26];
  const x = scaleLinear()
    .domain([0, minutes.at(-1) ?? 1])
    .range([left, width - RIGHT]);
  const step = (height - TITLE_HEIGHT - bottom) / series.length;
  const bars = series.map(({ name, values }, row) => {
    const y = TITLE_HEIGHT + row * step + step * 0.15;
    const label = text(name, { x: left - 10, y: y + step * 0.4, size: 11, color: INK, anchor: 'end' });
    return (
      label +
      stretches(values)
        .map(({ from, to, value }) => {
          const [start, end] = [x(minutes[from] ?? 0), x(minutes[to] ?? minutes.at(-1) ?? 0)];
          return `<rect x="${round(start)}" y="${round(y)}" width="${round(end - start)}" height="${round(step * 0.7)}" fill="${value === 1 ? NAMED['green'] : NAMED['red']}" opacity="0.8"/>`;
        })
        .join('')
    );
  });
  return bars.join('') + timeAxis(x, minutes, height - bottom);
}

/** Runs of one value; `to` is where the next one begins. */
function stretches(values: readonly number[]): { from: number; to: number; value: number }[] {
  const runs: { from: number; to: number; value: number }[] = [];
  for (const [index, value] of values.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.value === value) last.to = index + 1;
    else if (!Number.isNaN(value)) runs.push({ from: index, to: index + 1, value });
  }
  return runs;
}

function drawLines(
  panel: DashboardPanel,
  series: readonly Series[],
  minutes: readonly number[],
  box: Box,
): string {
  const { width, height } = box;
  const { custom, thresholds } = panel.fieldConfig?.defaults ?? {};
  const isStacked = custom?.stacking?.mode === 'normal';
  const bands = isStacked
    ? stacked(series)
    : series.map(({ values }) => ({ low: values.map(() => 0), high: values }));
  const legend = drawLegend(panel, series, box);
  const bottom = 24 + legend.height;
  const most = Math.max(...bands.flatMap(({ high }) => high.filter((value) => !Number.isNaN(value))), 0);
  const y = scaleLinear()
    .domain([0, most === 0 ? 1 : most * 1.08])
    .nice(4)
    .range([height - bottom, TITLE_HEIGHT + 8]);
  const labels = y.ticks(4).map((value) => unitText(value, unitOf(panel)));
  const left = 20 + Math.max(...labels.map(({ length }) => length)) * 6;
  const x = scaleLinear()
    .domain([0, minutes.at(-1) ?? 1])
    .range([left, width - RIGHT]);
  const grid = y.ticks(4).map((value, index) => {
    const at = round(y(value));
    return `<path d="M${left} ${at}H${width - RIGHT}" stroke="${GRID}"/>${text(labels[index] ?? '', { x: left - 8, y: at + 3.5, size: 10, color: FAINT, anchor: 'end' })}`;
  });
  const plot = bands.map(({ low, high }, index) => {
    const color = colorOf(panel, series, index);
    const points = high.map((value, at) => ({ at: minutes[at] ?? 0, low: low[at] ?? 0, high: value }));
    const isThere = ({ high: value }: { high: number }): boolean => !Number.isNaN(value);
    const edge = line<(typeof points)[number]>()
      .digits(1)
      .defined(isThere)
      .x(({ at }) => x(at))
      .y((point) => y(point.high))(points);
    const fill = area<(typeof points)[number]>()
      .digits(1)
      .defined(isThere)
      .x(({ at }) => x(at))
      .y0((point) => y(point.low))
      .y1((point) => y(point.high))(points);
    const opacity = (custom?.fillOpacity ?? 0) / 100;
    return `${opacity > 0 ? `<path d="${fill}" fill="${color}" fill-opacity="${opacity}"/>` : ''}<path d="${edge}" fill="none" stroke="${color}" stroke-width="1.5" stroke-linejoin="round"/>`;
  });
  const limits = custom?.thresholdsStyle === undefined ? [] : (thresholds?.steps ?? []);
  const lines = limits.flatMap(({ value, color }) => {
    if (value === null || value > (y.domain()[1] ?? 0)) return [];
    return `<path d="M${left} ${round(y(value))}H${width - RIGHT}" stroke="${NAMED[color]}" stroke-dasharray="5 4"/>`;
  });
  return [...grid, ...plot, ...lines, timeAxis(x, minutes, height - bottom), legend.svg].join('');
}

/** Each series on top of those before it. */
function stacked(series: readonly Series[]): { low: number[]; high: number[] }[] {
  const sums = (series[0]?.values ?? []).map(() => 0);
  return series.map(({ values }) => {
    const low = [...sums];
    const high = values.map((value, at) => (sums[at] = (sums[at] ?? 0) + (Number.isNaN(value) ? 0 : value)));
    return { low, high };
  });
}

function drawLegend(
  panel: DashboardPanel,
  series: readonly Series[],
  { width, height }: Box,
): { svg: string; height: number } {
  let [x, row] = [14, 0];
  const places = series.map(({ name }) => {
    const length = 26 + name.length * 6;
    if (x + length > width - 10 && x > 14) [x, row] = [14, row + 1];
    const place = { x, row };
    x += length;
    return place;
  });
  const rows = row + 1;
  const svg = places.map(({ x: at, row: line_ }, index) => {
    const y = height - 10 - (rows - 1 - line_) * 16;
    return (
      swatch(at, y, colorOf(panel, series, index)) +
      text(series[index]?.name ?? '', { x: at + 15, y, size: 10.5, color: INK })
    );
  });
  return { svg: svg.join(''), height: rows * 16 };
}

function timeAxis(x: ScaleLinear<number, number>, minutes: readonly number[], y: number): string {
  const [from = 0, to = 0] = x.range();
  const ticks = scaleLinear()
    .domain([0, minutes.at(-1) ?? 1])
    .ticks(Math.floor((to - from) / 75));
  return ticks
    .map((minute) =>
      text(`${minute} min`, { x: round(x(minute)), y: y + 15, size: 10, color: FAINT, anchor: 'middle' }),
    )
    .join('');
}

function colorOf(panel: DashboardPanel, series: readonly Series[], index: number): string {
  const fixed = NAMED[fixedColor(panel, series[index]?.name ?? '') ?? ''];
  return fixed ?? COLORS[index % COLORS.length] ?? INK;
}

function swatch(x: number, y: number, color: string): string {
  return `<rect x="${x}" y="${y - 8}" width="10" height="10" rx="2" fill="${color}"/>`;
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly color: string;
  readonly weight?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A line of text. */
export function text(
  words: string,
  { x, y, size, color, weight = 400, anchor = 'start' }: TextStyle,
): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${color}" font-weight="${weight}" text-anchor="${anchor}">${safe}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
