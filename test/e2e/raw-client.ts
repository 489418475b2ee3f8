import { connect } from 'node:net';

/** An answer with its fields as they came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** The fields in the order in which they were written, with lower-case names. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Sends raw text to a gateway over a new connection, and reads until the other side closes it. */
export function sendRaw(url: string, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(Buffer.concat(pieces).toString('latin1'))));
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer within a minute')));
  });
}

/** A request with exactly these header fields, and those that the connection needs. */
export function rawRequest(line: string, fields: readonly (readonly [string, string])[], body = ''): string {
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host');
  const all = [...(hasHost ? [] : [['Host', 'gateway.test']]), ...fields];
  const hasConnection = all.some(([name]) => name?.toLowerCase() === 'connection');
  if (!hasConnection) all.push(['Connection', 'close']);
  if (body !== '') all.push(['Content-Length', String(Buffer.byteLength(body))]);
  return `${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...lines] = text.slice(0, end).split('\r\n');
  const fields = lines.map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return { status: Number(line.split(' ')[1]), fields, body: text.slice(end + 4) };
}
