import { crc32 } from 'node:zlib';
import type { GoldenCase, UpstreamEvent } from '../unit/translation/golden-case.ts';
import { chunkOf, LAST_CHUNK, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

/** Plays the provider of a golden case, in pieces that are cut at any position. */
export function startGoldenProvider(golden: GoldenCase): Promise<ScriptedProvider> {
  const answer = golden.upstream_response ?? { status: 200, body: {} };
  const isFramed = golden.provider_api === 'converse' || golden.provider_api === 'messages@bedrock';
  return startScriptedProvider(async (_request, socket) => {
    const fields = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = (more: string) => `HTTP/1.1 ${answer.status} X\r\n${fields.join('')}${more}\r\n`;
    if (answer.stream === undefined) {
      const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      const length = Buffer.byteLength(body);
      const type = fields.some((field) => /^content-type:/i.test(field))
        ? ''
        : 'content-type: application/json\r\n';
      socket.write(head(`${type}content-length: ${length}\r\n`) + body);
      return;
    }
    const type = isFramed ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
    socket.write(head(`content-type: ${type}\r\ntransfer-encoding: chunked\r\n`));
    const events = answer.stream.map((event) => (isFramed ? frameOf(event) : sseOf(event)));
    const bytes = Buffer.concat(events);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      socket.write(chunkOf(bytes.subarray(from, from + PIECE_BYTES)));
      if (from % (PIECE_BYTES * 10) === 0) await Bun.sleep(0);
    }
    if (answer.cut !== true) socket.write(LAST_CHUNK);
    else socket.end();
  });
}

/** No event is a multiple of it, so each is cut at a different position. */
const PIECE_BYTES = 37;

function sseOf({ event, data }: UpstreamEvent): Buffer {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return Buffer.from(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
}

/** A frame of Amazon's event stream. */
function frameOf(event: UpstreamEvent): Buffer {
  const named: [string, string][] = Object.entries(event)
    .filter(([name]) => name.startsWith(':'))
    .map(([name, value]) => [name, String(value)]);
  named.push([':message-type', ':exception-type' in event ? 'exception' : 'event']);
  const headers = Buffer.concat(
    named.map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      const [key, text] = [Buffer.from(name), Buffer.from(value)];
      return Buffer.concat([Buffer.of(key.length), key, Buffer.of(7), length, text]);
    }),
  );
  const payload = Buffer.from(JSON.stringify(event.payload));
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(16 + headers.length + payload.length, 0);
  prelude.writeUInt32BE(headers.length, 4);
  const message = Buffer.concat([prelude, checksum(prelude), headers, payload]);
  return Buffer.concat([message, checksum(message)]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}
