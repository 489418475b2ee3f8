import type { CacheMark, Conversation } from '../conversation.ts';
import type { JsonTree } from '../json.ts';

/** The maximum number of cache points that the service accepts in a request. */
const MAX_MARKS = 4;

/**
 * Writes cache marks as Converse does: as a separate block after the marked content. Keeps the last four marks, since
 * each covers everything that earlier marks cover. Request marks in the order tools, system, messages.
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
