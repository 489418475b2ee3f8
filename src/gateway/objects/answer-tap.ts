import type { StreamedAnswer, WholeAnswer } from '../answer.ts';
import { resultTap } from '../later/result-tap.ts';
import type { ServedRequest } from '../settle.ts';
import { objectTap } from './made-objects.ts';
import type { ObjectTap } from './object-tap.ts';

/** Reads what an answer says about objects that its provider keeps; undefined: nothing of interest. */
export function answerTap(
  answer: Pick<WholeAnswer | StreamedAnswer, 'status' | 'headers' | 'kind'>,
  served: ServedRequest,
): ObjectTap | undefined {
  const made = objectTap(answer, served);
  const result = served.gateway.later === undefined ? undefined : resultTap(answer, served);
  if (made === undefined || result === undefined) return made ?? result;
  return {
    push(bytes) {
      made.push(bytes);
      result.push(bytes);
    },
    end() {
      made.end();
      result.end();
    },
  };
}
