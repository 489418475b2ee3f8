import type { LeaseAnswer } from '../limits/lease-report.ts';
import type { Acquired, LeaseCall, SentReport } from '../spend/nodes/lease-store.ts';
import type { RedisConnection } from './connection.ts';
import type { LeaseKeys } from './lease-keys.ts';
import { ACQUIRE } from './lease-scripts.ts';
import { bucketLastsMs, lastsMs, textOf } from './lease-text.ts';

const FIELDS = 7;

/** Reports to Redis, and asks it for leases. */
export async function acquireFrom(
  redis: RedisConnection,
  all: LeaseKeys,
  { node, life, isTick, isAlone = false, reports }: LeaseCall,
): Promise<Heard> {
  const counters = reports.map(({ counter, windowMs }) => all.counter(counter, windowMs));
  const keys = [all.epoch, all.nodes, all.claimsOf(node), all.alone, ...counters];
  const signs = [isTick ? '1' : '0', isAlone ? '1' : '0'];
  const args = [newEra(), node, String(life), ...signs, ...reports.flatMap(argumentsOf)];
  const answer = (await redis.run(ACQUIRE, keys, args)) as string[];
  const [kind, about = ''] = answer;
  if (kind === 'gone') return { kind: 'forgotten' };
  if (kind === 'unknown') return { kind, era: about };
  return heardOf(reports, answer);
}

/** The clock of the server, in milliseconds since 1970. */
export async function serverNowMs(redis: RedisConnection): Promise<number> {
  const [seconds, micros] = (await redis.send('TIME', [])) as string[];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** The answer of Redis to a call. */
export type Heard =
  | Exclude<Acquired, { kind: 'answered' }>
  | {
      readonly kind: 'answered';
      readonly answers: LeaseAnswer[];
      /** Reports of counters that Redis does not know from the ledger yet. */
      readonly baseless: SentReport[];
      /** Since when leases have been granted, by the clock of Redis. */
      readonly sinceMs: number;
    };

function heardOf(reports: readonly SentReport[], answer: readonly string[]): Heard {
  const answers: LeaseAnswer[] = [];
  const baseless: SentReport[] = [];
  let sinceMs = Infinity;
  for (const [index, report] of reports.entries()) {
    const at = 2 + index * FIELDS;
    const [seq, granted, free, used, others, recalled, fullIn] = answer.slice(at, at + FIELDS);
    if (seq === 'base') {
      baseless.push(report);
      sinceMs = Number(granted);
    } else if (seq !== '') {
      answers.push({
        counter: report.counter,
        windowMs: report.windowMs,
        seq: Number(seq),
        granted: Number(granted),
        free: Number(free),
        used: Number(used),
        others: Number(others),
        nodes: Number(answer[1]),
        isRecalled: recalled === '1',
        fullInMs: Number(fullIn),
      });
    }
  }
  return { kind: 'answered', answers, baseless, sinceMs };
}

function argumentsOf(report: SentReport): string[] {
  const {
    seq,
    pending,
    stored,
    claim,
    need,
    want,
    limit,
    takesRest,
    endMs,
    form,
    perMs,
    fullInMs,
    alone,
    aloneLeft,
  } = report;
  const least = Math.ceil(need);
  return [
    String(seq),
    textOf(Math.ceil(stored + pending)),
    textOf(Math.ceil(claim)),
    textOf(least),
    textOf(Math.max(least, Math.floor(want))),
    textOf(limit),
    takesRest ? '1' : '0',
    textOf(form === 'bucket' ? bucketLastsMs(endMs) : lastsMs(endMs)),
    form,
    String(perMs),
    String(fullInMs),
    String(alone),
    String(aloneLeft),
  ];
}

/** The name of the era that begins if this call is the first that a server process gets. */
export function newEra(): string {
  return crypto.randomUUID();
}
