import type { Item } from './item.ts';
import type { AnswerOptions } from './answer-options.ts';

/** The time of hidden reasoning, with a sign of life at intervals. */
export function* thoughts({ thinking }: AnswerOptions, sign: Item): Generator<Item> {
  if (thinking === undefined) return;
  const { ms, everyMs } = thinking;
  const count = everyMs > 0 ? Math.floor(ms / everyMs) : 0;
  for (let at = 0; at < count; at++) {
    yield { kind: 'wait', ms: everyMs };
    yield sign;
  }
  yield { kind: 'wait', ms: ms - count * everyMs };
}
