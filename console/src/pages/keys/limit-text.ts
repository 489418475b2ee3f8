import { LIMIT_KINDS } from '../../../../src/config/schema/limit-words.ts';
import { amountText } from '../../ui/usage-meter.tsx';

export type LimitKind = (typeof LIMIT_KINDS)[number];

/** A limit as the configuration has it. */
export type Limit = Readonly<Record<string, unknown>>;

/** The unit that a limit counts. */
export function kindOfLimit(limit: Limit): LimitKind {
  return LIMIT_KINDS.find((kind) => limit[kind] !== undefined && limit[kind] !== null) ?? 'requests';
}

/** `$50 / month`, `400K tokens / minute`, `8 concurrent`. */
export function limitText(limit: Limit): string {
  const kind = kindOfLimit(limit);
  const amount = limit[kind];
  const text = typeof amount === 'number' ? amountText(kind, amount) : String(amount);
  const unit = kind === 'cost' ? '' : ` ${kind.replace('_', ' ')}`;
  const per = limit['per'];
  return `${text}${unit}${per === undefined ? '' : ` / ${typeof per === 'string' ? per : JSON.stringify(per)}`}`;
}
