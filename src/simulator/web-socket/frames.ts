import { createHash } from 'node:crypto';

/** A complete message or control frame from a client. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The answer to a handshake's key (RFC 6455 §4.2.2). */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** A server frame, which is unmasked. */
export function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** A close frame with a code and a reason. */
export function closeFrame(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return frameOf(OPCODE.close, payload);
}

/** Reassembles a client's frames into messages. Passes on control frames at once. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #opcode = 0;
  #parts: Buffer[] = [];

  push(bytes: Buffer): Frame[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const frames: Frame[] = [];
    for (let raw = this.#take(); raw !== undefined; raw = this.#take()) {
      if (raw.opcode >= OPCODE.close) {
        frames.push(raw);
        continue;
      }
      if (raw.opcode !== OPCODE.continuation) this.#opcode = raw.opcode;
      this.#parts.push(raw.payload);
      if (!raw.isLast) continue;
      frames.push({ opcode: this.#opcode, payload: Buffer.concat(this.#parts) });
      this.#parts = [];
    }
    return frames;
  }

  #take(): (Frame & { readonly isLast: boolean }) | undefined {
    const bytes = this.#bytes;
    const short = (bytes[1] ?? 0) & 0x7f;
    const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < lengthEnd + 4) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    const start = lengthEnd + 4;
    if (bytes.length < start + length) return undefined;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (bytes[lengthEnd + (at % 4)] ?? 0);
    this.#bytes = bytes.subarray(start + length);
    const first = bytes[0] ?? 0;
    return { opcode: first & 0x0f, payload, isLast: (first & 0x80) !== 0 };
  }
}
