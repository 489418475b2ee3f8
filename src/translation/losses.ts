/** Anything of the request or of the answer that does not arrive as it was meant. */
export interface Loss {
  /** The outermost place that says enough: `messages[2].content[1]`, `top_k`; in answers a place of the provider's answer. */
  readonly path: string;
  readonly what: 'dropped' | 'approximated' | 'repaired';
  /** `meaning` is only ever dropped: the answer would be to another question. */
  readonly class: 'tuning' | 'meaning';
  readonly why: string;
}

/** What becomes of losses. `reject` takes no approximation either; repairs go on under all of them. */
export type Policy = 'drop' | 'warn' | 'reject';

/**
 * Collects losses while something is read or written. A writer never stops at a loss: it leaves the thing out and goes on, and
 * whether the attempt is made is decided at the end (`refusing`).
 */
export interface LossList {
  readonly dropped: (path: string, why: string) => void;
  readonly approximated: (path: string, why: string) => void;
  readonly repaired: (path: string, why: string) => void;
  /** Dropped, and with it the meaning. */
  readonly meaning: (path: string, why: string) => void;
  readonly add: (loss: Loss) => void;
  /** The first `MAX_KEPT`, in the order in which they were found; the same what and path only once. */
  readonly all: () => readonly Loss[];
  /** How many there were, those that are not kept included. */
  readonly count: () => number;
  /** The first loss that the policy does not allow; undefined: go on. Found also among those that are not kept. */
  readonly refusing: (policy: Policy) => Loss | undefined;
}

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
 * The value of the header `x-llm-proxy-translation`: `messages>openai-chat; dropped=top_k,metadata; repaired=messages[2]`. Paths that
 * differ in their indices only are counted: `messages[*].content[*].cache_control×14`. At most about 1 KB, then `…+7`. A header holds bytes: each
 * character stands for one byte of the text's UTF-8.
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

/** Each path once: as it is where it is the only one of its form, else with stars for the indices, and how many. */
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

/** A path may hold a client's own key; nothing of it may end the header or be read as its punctuation. */
function headerSafe(path: string): string {
  return path.replace(/[^\w.[\]*:@$+-]/g, '_').slice(0, 200);
}
