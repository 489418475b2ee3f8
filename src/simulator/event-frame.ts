import { crc32 } from 'node:zlib';

const STRING_TYPE = 7;

/**
 * One frame of `application/vnd.amazon.eventstream` (https://smithy.io/2.0/aws/amazon-eventstream.html): total length,
 * headers length, CRC32 of both, headers with string values, payload, CRC32 of everything before.
 */
export function frameBytes(headers: readonly (readonly [string, string])[], payload: Uint8Array): Buffer {
  const fields = Buffer.concat(headers.map(([name, value]) => field(name, value)));
  const frame = Buffer.alloc(12 + fields.length + payload.length + 4);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(fields.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(fields, 12);
  frame.set(payload, 12 + fields.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - 4)), frame.length - 4);
  return frame;
}

function field(name: string, value: string): Buffer {
  const text = Buffer.from(value);
  const head = Buffer.from([0, ...Buffer.from(name), STRING_TYPE, text.length >> 8, text.length & 255]);
  head[0] = Buffer.byteLength(name);
  return Buffer.concat([head, text]);
}
