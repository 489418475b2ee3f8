import type { CacheMark, Conversation } from '../conversation.ts';
import type { JsonTree } from '../json.ts';

/** The service takes this many cache points in a request. */
const MAX_MARKS = 4;

/**
 * Cache marks as Converse has them, a block of their own behind what they mark. Of more than four the last four are kept: each contains all
 * that the former hold. Marks have to be asked for in the order tools, system, messages.
 */
export class CacheMarks {
  #skip: number;

  constructor(conversation: Conversation) {
    this.#skip = Math.max(0, countOf(conversation) - MAX_MARKS);
  }

  behind(mark: CacheMark | undefined): readonly JsonTree[] {
    if (mark === undefined) return [];
    if (this.#skip > 0) {
      this.#skip -= 1;
      return [];
    }
    return [{ cachePoint: { type: 'default', ttl: mark.ttl === '1h' ? '1h' : undefined } }];
  }
}

function countOf({ tools, system, turns, cache }: Conversation): number {
  const marked = [...tools, ...system, ...turns.flatMap(({ parts }) => parts)];
  return marked.filter((each) => each.cache !== undefined).length + (cache === undefined ? 0 : 1);
}
