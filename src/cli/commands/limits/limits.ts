import type { AdminClient } from '../../../app/admin-client.ts';
import { EXIT } from '../../../exit-code.ts';
import type { JsonObject } from '../../../store/revision.ts';
import { aligned } from '../../aligned.ts';
import type { ValuesOf } from '../../command.ts';
import { withAdmin } from '../with-admin.ts';
import type { limitsDeclaration } from './declaration.ts';

/** Shows how the limits of the configuration stand. */
export function showLimits(values: ValuesOf<typeof limitsDeclaration>): Promise<number> {
  const { scope, over, json, config } = values;
  const query = new URLSearchParams({
    ...(scope !== undefined && { scope }),
    ...(over !== undefined && { over: String(over) }),
  });
  return withAdmin(config, async (admin) => {
    const limits = await allLimits(admin, query);
    if (json) console.log(JSON.stringify(limits, undefined, 2));
    else if (limits.length === 0) console.log('No limit matches.');
    else console.log(aligned([TITLES, ...(limits as unknown as LimitRow[]).map(rowOf)]).join('\n'));
    return EXIT.ok;
  });
}

async function allLimits(admin: AdminClient, query: URLSearchParams): Promise<JsonObject[]> {
  const limits: JsonObject[] = [];
  for (;;) {
    const { limits: page, next_cursor: cursor } = await admin.call('GET', `/limits?${query.toString()}`);
    limits.push(...(page as readonly JsonObject[]));
    if (typeof cursor !== 'string') return limits;
    query.set('cursor', cursor);
  }
}

/** A limit as the Admin API shows it. */
interface LimitRow {
  readonly counter: string;
  readonly name: string;
  readonly kind: string;
  readonly amount: number;
  readonly used: number | null;
  readonly resets_at: string | null;
  readonly on_exceed: string;
}

const TITLES = ['LIMIT', 'NAME', 'USED', 'OF', '%', 'BEGINS ANEW', ''];

function rowOf({ counter, name, kind, amount, used, resets_at: end, on_exceed: action }: LimitRow): string[] {
  const shown = (value: number): string => (kind === 'cost' ? `$${value}` : String(value));
  return [
    counter,
    name || '-',
    used === null ? '?' : shown(used),
    shown(amount),
    used === null || amount === 0 ? '-' : String(Math.floor((100 * used) / amount)),
    end ?? '-',
    action === 'warn' ? 'warns' : '',
  ];
}
