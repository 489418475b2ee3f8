/** A text in pieces, each of which counts as one token. `count` may be Infinity. */
export interface Text {
  readonly count: number;
  readonly piece: (index: number) => string;
}

/** The words of answers: two long, fixed lists, shuffled by the seed. */
export type Vocabulary = Readonly<Record<VocabularyName, readonly string[]>>;
export type VocabularyName = 'plain' | 'unicode';

const PLAIN = (
  'the quiet river carries small boats past green hills where old stone houses face a bright morning and people walk ' +
  'slowly between gardens while birds sing over tall trees near an open field of golden wheat under wide blue sky as ' +
  'children run along narrow paths with kites that rise on warm wind from far away mountains covered in fresh snow ' +
  'every evening lamps glow inside friendly kitchens full of bread and soup so travellers rest until dawn'
).split(' ');
const UNICODE =
  '你好 世界 日本語 こんにちは 한국어 naïve Ωmega Привет مرحبا שלום 🚀 👩‍👩‍👧‍👦 🇪🇺 𝔘𝔫𝔦 ﷽ e\u0301 line\u2028sep 夜空 é ﬁn'.split(
    ' ',
  );
const ROW_LENGTH = 1024;

/** Shuffles the words of both lists by a seed; the same seed gives the same order. */
export function createVocabulary(seed: number): Vocabulary {
  return { plain: shuffledRow(PLAIN, seed), unicode: shuffledRow(UNICODE, seed) };
}

function shuffledRow(words: readonly string[], seed: number): readonly string[] {
  const dice = createDice(seed);
  return Array.from({ length: ROW_LENGTH }, () => words[Math.floor(dice() * words.length)] ?? '');
}

/** Reproducible random numbers in [0, 1): mulberry32. */
export function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number of words from a list, starting at a position, each but the first preceded by a space. */
export function wordText(row: readonly string[], start: number, count: number): Text {
  return {
    count,
    piece: (index) => {
      const word = row[(start + index) % row.length] ?? '';
      return index === 0 ? word : ` ${word}`;
    },
  };
}

/** A text of given pieces. */
export function textOf(pieces: readonly string[]): Text {
  return { count: pieces.length, piece: (index) => pieces[index] ?? '' };
}

/** Splits a string into pieces of about `length` characters, never within a surrogate pair. */
export function inPieces(text: string, length = 6): Text {
  return textOf(text.match(new RegExp(`.{1,${length}}`, 'gsu')) ?? []);
}

/** The complete text, which must be finite. */
export function joinText(text: Text): string {
  let joined = '';
  for (let index = 0; index < text.count; index++) joined += text.piece(index);
  return joined;
}

/** The number of words in a string: runs of anything but spaces, tabs and line ends. */
export function countWords(text: string): number {
  let count = 0;
  let isInside = false;
  for (let index = 0; index < text.length; index++) {
    const isSpace = text.charCodeAt(index) <= 32;
    if (!isSpace && !isInside) count++;
    isInside = !isSpace;
  }
  return count;
}
