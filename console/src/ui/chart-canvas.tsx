import { type ReactNode, useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { clock, monthDay } from '../lib/format.ts';
import { colorOf, type ChartLine, type ChartProps } from './chart-line.ts';

/** Draws a chart with uPlot; loaded by `Chart` when the first one is shown. */
export function ChartCanvas(props: ChartProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [hovered, setHovered] = useState<{ index: number; left: number } | undefined>();
  const shape = JSON.stringify([
    props.lines.map(({ label, color, kind }) => [label, color, kind]),
    props.stacked,
  ]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const create = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest, element, setHovered), dataOf(latest.current), element);
    };
    create();
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: latest.current.height ?? 180 }),
    );
    observer.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', create);
    window.addEventListener('themechange', create);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', create);
      window.removeEventListener('themechange', create);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props]);
  return (
    <>
      <div ref={box} />
      {hovered && <Hovered {...props} {...hovered} />}
    </>
  );
}

/** The width of a letter of the axes, at most. */
const LETTER_PX = 6.5;

/** A scale without anything on it would mislead. */
function hasValues({ data }: uPlot): boolean {
  return data
    .slice(1)
    .some((values) => values.some((value) => value !== null && value !== undefined && value !== 0));
}

/** Steps of an axis of things that are not divided. */
const WHOLE = [1, 2, 5]
  .flatMap((digit) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((power) => digit * 10 ** power))
  .toSorted((one, other) => one - other);

type Latest = { readonly current: ChartProps };

function optionsOf(
  latest: Latest,
  element: HTMLElement,
  hover: (at: { index: number; left: number } | undefined) => void,
): uPlot.Options {
  const { lines, height = 180, stacked } = latest.current;
  const grid = { stroke: resolved(element, '--line'), width: 1 };
  const axis = {
    stroke: resolved(element, '--muted'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    ticks: { show: false },
    gap: 6,
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: latest.current.onSelect !== undefined, y: false } },
    scales: {
      x: { range: () => span(latest.current) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 72,
        grid: { show: false },
        values: (self, splits) => timeLabels(splits, self),
      },
      {
        ...axis,
        grid,
        size: (_, labels) => Math.max(52, ...(labels ?? []).map((label) => 14 + label.length * LETTER_PX)),
        ...(latest.current.isWhole && { incrs: WHOLE }),
        values: (self, splits) => {
          const step = (splits[1] ?? 1) - (splits[0] ?? 0);
          const format = latest.current.formatMark ?? latest.current.format;
          return splits.map((value) => (hasValues(self) ? format(value, step) : ''));
        },
      },
    ],
    series: [{}, ...(stacked ? lines.toReversed() : lines).map((line) => seriesOf(line, element))],
    hooks: {
      setCursor: [
        (self) => {
          const { idx, left = -1 } = self.cursor;
          hover(idx === null || idx === undefined || left < 0 ? undefined : { index: idx, left });
        },
      ],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width > 4)
            latest.current.onSelect?.(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** A canvas knows no custom properties and no `light-dark()`. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Whole seconds around the data, so that the first and the last bar are whole. */
function span({ times, seconds }: ChartProps): [number, number] {
  const last = times.at(-1) ?? Date.now() / 1000;
  const step = times.length > 1 ? (last - (times[0] ?? last)) / (times.length - 1) : 1;
  const first = seconds === undefined ? (times[0] ?? last - 60) : last - seconds;
  return [first - step / 2, last + step / 2];
}

/** A label that is the one before it is left out. */
function timeLabels(splits: readonly number[], plot: uPlot): string[] {
  const labels = splits.map((at) => timeLabel(at, plot));
  return labels.map((label, at) => (label === labels[at - 1] ? '' : label));
}

function timeLabel(seconds: number, { scales }: uPlot): string {
  const date = new Date(seconds * 1000);
  const span = (scales['x']?.max ?? 0) - (scales['x']?.min ?? 0);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  // The first mark is where the drawing begins, which is at no hour in particular.
  if (span > 5 * 86_400 && !isMidnight) return '';
  if (span > 5 * 86_400 || (span > 86_400 && isMidnight)) return monthDay(date);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return span < 600 ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

function seriesOf({ color, kind }: ChartLine, element: HTMLElement): uPlot.Series {
  const stroke = resolved(element, colorOf(color));
  const bars = uPlot.paths.bars;
  if (kind === 'bars' && bars)
    return {
      stroke,
      fill: stroke,
      width: 0,
      points: { show: false },
      paths: bars({ size: [0.72, 56], gap: 1 }),
    };
  return {
    stroke,
    width: 1.75,
    // A single value has no line.
    points: {
      show: (self, index) => (self.data[index] ?? []).filter((one) => typeof one === 'number').length < 3,
      size: 5,
    },
    ...(kind === 'area' && { fill: stroke.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }),
    spanGaps: false,
  };
}

/** Stacked lines are sums, drawn from the tallest to the lowest, each over the one before. */
function dataOf({ times, lines, stacked }: ChartProps): uPlot.AlignedData {
  const values = lines.map((line) => [...line.values]);
  if (stacked) {
    for (let at = 1; at < values.length; at++) {
      values[at] = (values[at] ?? []).map((value, index) => (value ?? 0) + (values[at - 1]?.[index] ?? 0));
    }
    values.reverse();
  }
  return [[...times], ...values];
}

function Hovered({
  times,
  lines,
  format,
  index,
  left,
}: ChartProps & { index: number; left: number }): ReactNode {
  const at = times[index];
  if (at === undefined) return null;
  const shown = lines
    .map((line) => ({ line, value: line.values[index] }))
    .filter(({ value }) => value !== null && value !== undefined && (lines.length < 6 || value > 0));
  const isRight = left > 260;
  return (
    <div className="chart-tip" style={isRight ? { left: left - 140 } : { left: left + 74 }}>
      <span className="muted num">{clock(at * 1000)}</span>
      {shown.map(({ line, value }) => (
        <span key={line.label} className="row">
          <span className="row tight truncate">
            <span className="swatch" style={{ background: `var(${colorOf(line.color)})` }} />
            <span className="truncate">{line.label}</span>
          </span>
          <span className="num strong">{format(value ?? 0)}</span>
        </span>
      ))}
    </div>
  );
}
