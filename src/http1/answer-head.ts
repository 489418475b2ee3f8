import { STATUS_CODES } from 'node:http';

/** How the end of the body is signalled (RFC 9112 §6). */
export type Framing = { readonly length: number } | 'chunked' | 'none';

/** The head of an answer in latin1, with its empty line. Fields that a parser could misread are left out. */
export function answerHead(
  status: number,
  fields: Readonly<Record<string, string>>,
  framing: Framing,
  isLast: boolean,
): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (const name in fields) {
    const value = fields[name] ?? '';
    if (VALUE.test(value) && !FRAMING.has(name)) head += `${name}: ${value}\r\n`;
  }
  if (framing === 'chunked') head += 'transfer-encoding: chunked\r\n';
  else if (framing !== 'none') head += `content-length: ${framing.length}\r\n`;
  if (isLast) head += 'connection: close\r\n';
  return `${head}date: ${dateOf(Date.now())}\r\n\r\n`;
}

/** Visible characters of latin1, space and tab. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Fields that this server sets itself. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'date']);

const last = { second: 0, text: '' };

/** The time as in RFC 9110 §5.6.7, which has whole seconds. */
function dateOf(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== last.second) {
    last.second = second;
    last.text = new Date(second * 1000).toUTCString();
  }
  return last.text;
}
