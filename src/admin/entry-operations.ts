import { z } from 'zod';
import { dollarsOf } from '../prices/cost.ts';
import { adjustLimit, findClaim, WrongAdjustment } from '../spend/entries/adjust.ts';
import type { Entry } from '../spend/entries/entry.ts';
import { importUse } from '../spend/entries/import-use.ts';
import { repriceRequests } from '../spend/entries/reprice.ts';
import type { JsonObject } from '../store/revision.ts';
import { ledgerOf } from './ledger-of.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery, TIME } from './request-query.ts';

const DOLLARS = z.string().regex(/^-?\d+\.\d{9}$/);
const COUNT = z.int();
const REASON = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .meta({ description: 'The reason for the entry, for later readers.' });

const adjustBody = z
  .strictObject({
    counter: z
      .string()
      .min(1)
      .max(1000)
      .meta({ description: 'The `counter` of a limit, as in `GET /admin/v1/limits`.' }),
    amount: z.number().min(-9_000_000_000_000).max(9_000_000_000_000).optional().meta({
      description:
        'US dollars for a limit on cost, otherwise the unit of the limit. A negative amount is a credit.',
    }),
    reset: z.literal(true).optional().meta({ description: 'Resets the use to 0, instead of `amount`.' }),
    reason: REASON,
  })
  .refine(({ amount, reset }) => (amount === undefined) !== (reset === undefined), {
    message: 'takes either amount or reset',
    path: ['amount'],
  });

const importQuery = z.strictObject({
  source: z.string().min(1).max(64).default('import').meta({
    description: 'Names the origin. A line with the same `external_id` of the same source is imported once.',
  }),
  dry_run: z.enum(['true', 'false']).default('false').meta({ description: 'If true, nothing is written.' }),
});

const repriceBody = z.strictObject({
  since: TIME.meta({
    type: 'string',
    description: 'Only requests that ended at this time or later, in ISO 8601.',
  }),
  until: TIME.optional().meta({
    type: 'string',
    description: 'Only requests that ended before this time. Default: now.',
  }),
  model: z.string().optional().meta({ description: 'Only this public model.' }),
  backfill: z.boolean().optional().meta({
    description: 'Rather than other prices: a cost for requests from before costs were kept.',
  }),
  dry_run: z.boolean().optional().meta({ description: 'If true, nothing is written.' }),
});

const shared = { method: 'post', status: 200 } as const;

/** Operations that correct the ledger with entries. Existing rows never change. */
export const entryOperations: readonly Operation[] = [
  {
    ...shared,
    tag: 'limits',
    path: '/limits/adjust',
    id: 'adjustLimit',
    summary: 'Adjust a limit',
    description:
      'Changes what a limit has used in its current window: a credit, a correction, or a reset. Every process applies it within two seconds. Reports include a changed cost, but not a reset, since the money was spent.',
    body: adjustBody,
    example: { counter: 'team:search/cost/month', amount: -25.5, reason: 'credit for an outage' },
    answer: z
      .object({
        counter: z.string(),
        window_start: z.string(),
        kind: z.enum(['adjust', 'reset']),
        amount: z.union([DOLLARS, z.number()]).meta({
          description: 'The amount added: US dollars as a string for a limit on cost, otherwise a number.',
        }),
        reason: z.string(),
        actor: z.string(),
      })
      .meta({ id: 'Adjustment' }),
    run: adjust,
  },
  {
    ...shared,
    tag: 'spend',
    path: '/spend/import',
    id: 'importSpend',
    summary: 'Import use',
    description:
      'Imports use that another program has counted, as CSV with a header or as one JSON object per line: `at`, one of `key`, `team` and `user`, and `model`, `provider`, `requests`, `input_tokens`, `output_tokens`, `cost`, `external_id`. Importing the same file again changes nothing.',
    body: undefined,
    textBody: { types: ['text/csv', 'application/x-ndjson'], mostBytes: 64 * 1024 * 1024 },
    query: importQuery,
    answer: z
      .object({
        inserted: COUNT,
        known: COUNT.meta({ description: 'Lines that were imported before.' }),
        refused: z.array(z.object({ line: COUNT, problem: z.string() })),
      })
      .meta({ id: 'SpendImport' }),
    run: importSpend,
  },
  {
    ...shared,
    tag: 'spend',
    path: '/spend/reprice',
    id: 'repriceSpend',
    summary: 'Reprice requests',
    description:
      'Calculates what requests cost at the prices of the configuration in force, and enters the difference. The records of the requests stay unchanged. Lost requests keep their original charge.',
    body: repriceBody,
    example: { since: '2026-11-01', model: 'gpt-5.5', dry_run: true },
    answer: z
      .object({ rows: COUNT, before: DOLLARS, after: DOLLARS, entries: COUNT })
      .meta({ id: 'SpendReprice' }),
    run: reprice,
  },
];

async function adjust(call: Call): Promise<Answer> {
  const { counter, amount, reset, reason } = call.body as z.output<typeof adjustBody>;
  const snapshot = call.store.snapshot();
  const claim = findClaim(counter, snapshot);
  if (claim === undefined) throw invalid('counter', 'is no limit of the configuration');
  const { database, flush } = ledgerOf(call);
  const isMoney = claim.kind === 'cost';
  const whole = Math.round((amount ?? 0) * (isMoney ? 1e9 : 1));
  if (isMoney && Math.abs(amount ?? 0) > 9_000_000)
    throw invalid('amount', 'must be at most 9,000,000 dollars');
  const context = { snapshot, reason, actor: call.actor, nowMs: call.now.getTime() };
  // A reset cancels the use in the database, so all use has to be stored first.
  await flush();
  const entry = await adjusted(() =>
    adjustLimit(database, { claim, change: reset === true ? 'reset' : whole, ...context }),
  );
  await flush();
  call.services.note(`${entry.kind} ${counter}`);
  return { version: undefined, body: adjustmentView(entry, isMoney) };
}

async function adjusted(work: () => Promise<Entry>): Promise<Entry> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WrongAdjustment) throw invalid('amount', error.message);
    throw error;
  }
}

function adjustmentView(
  { counter = '', windowMs, kind, amount, reason, actor }: Entry,
  isMoney: boolean,
): JsonObject {
  return {
    counter,
    window_start: new Date(windowMs ?? 0).toISOString(),
    kind,
    amount: isMoney ? dollarsOf(amount) : amount,
    reason,
    actor,
  };
}

async function importSpend(call: Call): Promise<Answer> {
  const { source, dry_run: isDry } = parseQuery(importQuery, call.query);
  const { database, flush } = ledgerOf(call);
  const imported = await importUse(database, call.body['text'] as string, {
    source,
    isDry: isDry === 'true',
    actor: call.actor,
    snapshot: call.store.snapshot(),
    nowMs: call.now.getTime(),
  });
  await flush();
  call.services.note('import use');
  return {
    version: undefined,
    body: { ...imported, refused: imported.refused.map((line) => ({ ...line })) },
  };
}

async function reprice(call: Call): Promise<Answer> {
  const { since, until, model, backfill, dry_run: isDry } = call.body as z.output<typeof repriceBody>;
  const { database, flush, costAt } = ledgerOf(call);
  const nowMs = call.now.getTime();
  const { rows, before, after, entries } = await repriceRequests(database, {
    sinceMs: since,
    untilMs: until ?? nowMs,
    model,
    backfills: backfill === true,
    isDry: isDry === true,
    actor: call.actor,
    snapshot: call.store.snapshot(),
    nowMs,
    costAt,
  });
  await flush();
  call.services.note('reprice requests');
  const body = { rows, before: dollarsOf(before), after: dollarsOf(after), entries };
  return { version: undefined, body };
}

function invalid(path: string, message: string): AdminProblem {
  return new AdminProblem('invalid_fields', `The body is not valid: ${path} ${message}.`, {
    details: [{ path, message }],
  });
}
