import { LIMIT_KINDS } from '../../../../src/config/schema/limit-words.ts';
import type { TFunction } from 'i18next';
import { amountText, periodText } from '../../ui/usage-meter.tsx';

export type LimitKind = (typeof LIMIT_KINDS)[number];

/** A limit as the configuration has it. */
export type Limit = Readonly<Record<string, unknown>>;

/** The unit that a limit counts. */
export function kindOfLimit(limit: Limit): LimitKind {
  return LIMIT_KINDS.find((kind) => limit[kind] !== undefined && limit[kind] !== null) ?? 'requests';
}

/** `$50 per month`, `400K tokens per minute`, `8 requests at a time`. */
export function limitText(limit: Limit, t: TFunction): string {
  const kind = kindOfLimit(limit);
  const amount = limit[kind];
  const text = typeof amount === 'number' ? amountText(kind, amount) : String(amount);
  const count = Number(amount);
  const per = limit['per'];
  const units: Readonly<Record<LimitKind, string>> = {
    cost: text,
    tokens: t('{{text}} tokens', { text, count }),
    input_tokens: t('{{text}} prompt tokens', { text, count }),
    output_tokens: t('{{text}} answer tokens', { text, count }),
    requests: t('{{text}} requests', { text, count }),
    concurrent: t('{{text}} requests at a time', { text, count }),
  };
  if (per === undefined || per === null) return units[kind];
  const period = typeof per === 'string' ? periodText(per, t) : JSON.stringify(per);
  return t('{{what}} {{period}}', { what: units[kind], period });
}
