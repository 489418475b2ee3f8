import { join } from 'node:path';
import type { Numbered, Order, Report } from './generator.ts';
import { LOAD_CORE, startPinned, stopProcess } from '../measure/pinned.ts';

/** The generator's process, as its parent sees it. */
export interface Generator {
  readonly pid: number;
  readonly send: (order: Order) => void;
  /** The next report of this kind. One that has already arrived counts. */
  readonly next: <Kind extends Report['kind']>(
    kind: Kind,
    withinMs?: number,
  ) => Promise<Extract<Report, { kind: Kind }>>;
  readonly stop: () => Promise<void>;
}

/** Starts the generator on the load's core. */
export function startGenerator(): Generator {
  const waiting = new Map<string, (report: Report) => void>();
  const early = new Map<string, Report>();
  const state = { task: 0 };
  const child = startPinned(LOAD_CORE, [process.execPath, join(import.meta.dir, 'generator.ts')], {
    onMessage(message) {
      const { task, content: report } = message as Numbered<Report>;
      if (task !== state.task) return;
      const take = waiting.get(report.kind);
      waiting.delete(report.kind);
      if (take === undefined) early.set(report.kind, report);
      else take(report);
    },
  });
  return {
    pid: child.pid,
    send(order) {
      if (order.kind === 'open-streams' || order.kind === 'ask-at-pace') {
        state.task++;
        early.clear();
      }
      child.send({ task: state.task, content: order } satisfies Numbered<Order>);
    },
    next: (kind, withinMs = 30_000) =>
      new Promise((resolve, reject) => {
        const come = early.get(kind);
        early.delete(kind);
        const timer = setTimeout(() => {
          waiting.delete(kind);
          reject(new Error(`nothing came of it within ${withinMs / 1000} s`));
        }, withinMs);
        const take = (report: Report): void => {
          clearTimeout(timer);
          resolve(report as Extract<Report, { kind: typeof kind }>);
        };
        if (come === undefined) waiting.set(kind, take);
        else take(come);
      }),
    stop: () => stopProcess(child),
  };
}
