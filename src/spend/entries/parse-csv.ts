/** A record of a CSV file. */
export interface CsvRecord {
  /** The number of its first line, from 1 on. */
  readonly line: number;
  readonly cells: readonly string[];
}

const QUOTE = '"';

/** Reads CSV (RFC 4180): cells in quotes may contain commas, line breaks and doubled quotes. Empty lines are left out. */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const cells: string[] = [];
    const begunAt = line;
    for (;;) {
      const cell = text[at] === QUOTE ? quoted(text, at) : plain(text, at);
      cells.push(cell.value);
      line += cell.breaks;
      at = cell.end;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    if (cells.length > 1 || cells[0] !== '') records.push({ line: begunAt, cells });
  }
  return records;
}

interface Cell {
  readonly value: string;
  /** The position of the comma or line break after it. */
  readonly end: number;
  /** The number of line breaks in it. */
  readonly breaks: number;
}

function plain(text: string, start: number): Cell {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { value: text.slice(start, end), end, breaks: 0 };
}

function quoted(text: string, start: number): Cell {
  const parts: string[] = [];
  let from = start + 1;
  for (;;) {
    const end = text.indexOf(QUOTE, from);
    const isOpen = end < 0;
    parts.push(text.slice(from, isOpen ? text.length : end));
    if (isOpen || text[end + 1] !== QUOTE) {
      const value = parts.join('');
      // Text between the closing quote and the comma belongs to no cell.
      const rest = isOpen ? text.length : plain(text, end + 1).end;
      return { value, end: rest, breaks: value.split('\n').length - 1 };
    }
    parts.push(QUOTE);
    from = end + 2;
  }
}
