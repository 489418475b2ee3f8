import type { LineBytes } from './line-bytes.ts';

/** A line that was cut at its numbers. */
export interface CutLine {
  /** The pieces, one after the other. */
  readonly text: Buffer;
  /** The end of the piece before the first number. */
  readonly startEnd: number;
  readonly rest: readonly CutNumber[];
  /** More bytes than the line has, whatever its numbers are. */
  readonly mostBytes: number;
}

/** A number in a line, and the text after it. */
interface CutNumber {
  /** Its place in `numbersOf`. */
  readonly number: number;
  readonly decimals: number;
  /** The piece after it. */
  readonly from: number;
  readonly to: number;
}

/** Takes lines at the place that it gives them. */
export interface LineSink {
  /** Returns an empty line with room for this many bytes: at most `MOST_LINE_BYTES`. */
  readonly line: (mostBytes: number) => LineBytes;
  /** Adds that line. */
  readonly add: (line: LineBytes) => void;
}

/** Writes one of the two lines about a request's end. */
export function writeJoined(
  { text, startEnd, rest, mostBytes }: CutLine,
  requestId: string,
  { epochMs, numbers }: LineNumbers,
  sink: LineSink,
): void {
  const line = sink.line(mostBytes).begin(epochMs, requestId).add(text, 0, startEnd);
  for (const { number, decimals, from, to } of rest) {
    const value = numbers[number] ?? 0;
    if (decimals === 0) line.whole(value);
    else if (decimals === 3) line.thousandths(value);
    else if (decimals === 2) line.hundredths(value);
    else line.dollars(value);
    line.add(text, from, to);
  }
  sink.add(line);
}

/** The parts that the lines of one request share. */
export interface LineNumbers {
  readonly epochMs: number;
  readonly numbers: Float64Array;
}

/** More than a line's head and all its numbers have. */
export const MOST_NUMBER_BYTES = 1024;

/** A mark in place of a number: six equal digits that say which number it is, and its decimals. */
export const MARK = /([1-8])\1{5}(?:\.(\1{2,9}))?/;
const MARKS = new RegExp(MARK, 'g');

export function cutAtMarks(line: string): CutLine {
  const pieces: Buffer[] = [];
  let from = 0;
  let at = 0;
  const add = (piece: string): Span => {
    const bytes = Buffer.from(piece);
    pieces.push(bytes);
    const span = { from, to: from + bytes.byteLength };
    from = span.to;
    return span;
  };
  const marks = [...line.matchAll(MARKS)];
  const start = add(line.slice(0, marks[0]?.index));
  const rest: CutNumber[] = [];
  for (const { index, 0: mark, 1: digit = '', 2: decimals = '' } of marks) {
    at += 1;
    const piece = add(line.slice(index + mark.length, marks[at]?.index));
    rest.push({ number: Number(digit), decimals: decimals.length, ...piece });
  }
  return { text: Buffer.concat(pieces), startEnd: start.to, rest, mostBytes: from + MOST_NUMBER_BYTES };
}

interface Span {
  readonly from: number;
  readonly to: number;
}
