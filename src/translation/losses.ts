/** A part of the request or the answer that translation changes or drops. */
export interface Loss {
  /**
   * The outermost path that is specific enough: `messages[2].content[1]`, `top_k`. For answers, a path in the
   * provider's answer.
   */
  readonly path: string;
  readonly what: 'dropped' | 'approximated' | 'repaired';
  /** `meaning` occurs only with `dropped`: without the part, the request means something else. */
  readonly class: 'tuning' | 'meaning';
  readonly why: string;
}

/** How to treat losses. `reject` refuses approximations too. All policies allow repairs. */
export type Policy = 'drop' | 'warn' | 'reject';

/**
 * Collects losses during reading and writing. A writer never stops at a loss: it omits the part and continues.
 * `refusing` decides at the end whether to make the attempt.
 */
export interface LossList {
  readonly dropped: (path: string, why: string) => void;
  readonly approximated: (path: string, why: string) => void;
  readonly repaired: (path: string, why: string) => void;
  /** Dropped together with its meaning. */
  readonly meaning: (path: string, why: string) => void;
  readonly add: (loss: Loss) => void;
  /** Counts losses that another list did not keep. */
  readonly addUnkept: (losses: number) => void;
  /** The first `MAX_KEPT` losses in order, without duplicates of `what` and `path`. */
  readonly all: () => readonly Loss[];
  /** The number of losses, including those that are not kept. */
  readonly count: () => number;
  /** The first loss that the policy forbids, even if it is not kept; undefined: the policy allows them all. */
  readonly refusing: (policy: Policy) => Loss | undefined;
}

/** The reason of a loss: the client's API has no place for a seal behind other content. */
export const LATE_SEAL = 'the signature arrived after the next block began';

const MAX_KEPT = 256;

export function createLossList(): LossList {
  const kept: Loss[] = [];
  const seen = new Set<string>();
  let count = 0;
  let meaning: Loss | undefined;
  let inexact: Loss | undefined;
  function add(loss: Loss): void {
    if (loss.class === 'meaning') meaning ??= loss;
    if (loss.what !== 'repaired') inexact ??= loss;
    if (kept.length >= MAX_KEPT) {
      count += 1;
      return;
    }
    const key = `${loss.what} ${loss.path}`;
    if (seen.has(key)) return;
    seen.add(key);
    kept.push(loss);
    count += 1;
  }
  return {
    add,
    addUnkept(losses) {
      count += losses;
    },
    dropped: (path, why) => add({ path, what: 'dropped', class: 'tuning', why }),
    approximated: (path, why) => add({ path, what: 'approximated', class: 'tuning', why }),
    repaired: (path, why) => add({ path, what: 'repaired', class: 'tuning', why }),
    meaning: (path, why) => add({ path, what: 'dropped', class: 'meaning', why }),
    all: () => kept,
    count: () => count,
    refusing(policy) {
      if (policy === 'drop') return undefined;
      return policy === 'reject' ? (meaning ?? inexact) : meaning;
    },
  };
}

/**
 * The value of the header `x-llm-proxy-translation`: `messages>openai-chat; dropped=top_k,metadata;
 * repaired=messages[2]`. Paths that differ only in their indices are counted:
 * `messages[*].content[*].cache_control×14`. About 1 KB at most, then `…+7`. A header holds bytes, so each character
 * stands for one UTF-8 byte of the text.
 */
export function lossHeader(pair: string, losses: readonly Loss[], count: number = losses.length): string {
  const parts = [pair];
  let length = pair.length;
  let told = 0;
  for (const what of ['dropped', 'approximated', 'repaired'] as const) {
    const items: string[] = [];
    for (const [path, times] of grouped(losses.filter((loss) => loss.what === what))) {
      const item = times > 1 ? `${path}×${times}` : path;
      if (length + item.length > MAX_HEADER_CHARS) continue;
      items.push(item);
      length += item.length + 1;
      told += times;
    }
    if (items.length === 0) continue;
    parts.push(`${what}=${items.join(',')}`);
    length += what.length + 3;
  }
  const text = told < count ? `${parts.join('; ')}…+${count - told}` : parts.join('; ');
  return String.fromCharCode(...new TextEncoder().encode(text));
}

const MAX_HEADER_CHARS = 960;

/** Lists each path once: verbatim if no other path has its form, otherwise with stars for the indices and a count. */
function grouped(losses: readonly Loss[]): Map<string, number> {
  const forms = new Map<string, string[]>();
  for (const { path } of losses) {
    const form = path.replace(/\[\d+\]/g, '[*]');
    const paths = forms.get(form);
    if (paths === undefined) forms.set(form, [path]);
    else paths.push(path);
  }
  const groups = new Map<string, number>();
  for (const [form, paths] of forms)
    groups.set(headerSafe(paths.length > 1 ? form : (paths[0] ?? form)), paths.length);
  return groups;
}

/** Escapes a path, which may contain a client's key, so that it cannot end the header or act as its punctuation. */
function headerSafe(path: string): string {
  return path.replace(/[^\w.[\]*:@$+-]/g, '_').slice(0, 200);
}
