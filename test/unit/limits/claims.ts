import type { Claim } from '../../../src/limits/claim.ts';

/** A limit of the key `app`: $10 a month in UTC, unless the parts say otherwise. */
export function claim(parts: Partial<Claim> = {}): Claim {
  const { kind = 'cost', period = { unit: 'month', timezone: 'UTC' } as const } = parts;
  const limitId = parts.limitId ?? `${kind}/${kind === 'concurrent' ? 'now' : period.unit}`;
  return {
    counter: `key:app/${limitId}`,
    scope: 'key',
    scopeId: 'app',
    name: 'app',
    limitId,
    kind,
    amount: 10_000_000_000,
    period: kind === 'concurrent' ? undefined : period,
    burst: undefined,
    hold: 'expected',
    isSoft: false,
    alertAt: [],
    countsCached: true,
    models: undefined,
    ...parts,
  };
}
