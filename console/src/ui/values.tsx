import { type ReactNode, useEffect, useState } from 'react';
import { ago, clock, dateTime, dayAgo, money, NONE, span, utc } from '../lib/format.ts';
import { classes } from './button.tsx';

/** A moment in the viewer's zone; UTC when hovered. */
export function When({
  time,
  relative,
}: {
  time: string | number | null | undefined;
  relative?: boolean;
}): ReactNode {
  if (time === null || time === undefined) return <span className="muted">{NONE}</span>;
  return (
    <time dateTime={new Date(time).toISOString()} title={`${dateTime(time)} · ${utc(time)}`} className="num">
      {relative ? (isDay(time) ? dayAgo(time) : ago(time)) : clock(time)}
    </time>
  );
}

/** A day in UTC without an hour, as `2026-11-29`. */
function isDay(time: string | number): time is string {
  return typeof time === 'string' && time.length === 10;
}

/** Dollars; the exact amount when hovered. */
export function Money({ value }: { value: string | number | null | undefined }): ReactNode {
  if (value === null || value === undefined) return <span className="muted">{NONE}</span>;
  return (
    <span className="num" title={`$${value}`}>
      {money(value)}
    </span>
  );
}

/** Counts down to a moment by the second. */
export function Countdown({ until }: { until: string }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = (Date.parse(until) - now) / 1000;
  return seconds > 0.5 ? <span className="num">{span(seconds)}</span> : null;
}

interface FactProps {
  readonly label: ReactNode;
  readonly children: ReactNode;
  readonly mono?: boolean;
  /** Takes the room of two. */
  readonly wide?: boolean;
}

/** A label above its value, in a `Facts`. */
export function Fact({ label, children, mono, wide }: FactProps): ReactNode {
  return (
    <div className={classes('fact', wide && 'is-wide')}>
      <dt>{label}</dt>
      <dd className={classes('num', mono && 'mono')}>{children}</dd>
    </div>
  );
}

/** Labels with their values, in columns. */
export function Facts({ children }: { children: ReactNode }): ReactNode {
  return <dl className="facts">{children}</dl>;
}
