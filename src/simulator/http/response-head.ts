import { STATUS_CODES } from 'node:http';
import type { Header, RequestHead } from './request-head.ts';

/** The parts of a response's head. */
export interface ResponseShape {
  readonly status: number;
  readonly headers: readonly Header[];
  /** The Content-Length; undefined: chunked, or up to the end of the connection for HTTP/1.0. */
  readonly length: number | undefined;
  readonly encoding: string | undefined;
}

/** The head of a response, with its empty line, exactly as the header fields are given. */
export function headBytes(shape: ResponseShape, request: RequestHead): Buffer {
  let text = `HTTP/1.1 ${shape.status} ${STATUS_CODES[shape.status] ?? 'Status'}\r\n`;
  for (const [name, value] of shape.headers) text += `${name}: ${value}\r\n`;
  const isChunked = shape.encoding !== undefined || shape.length === undefined;
  if (!isChunked) text += `Content-Length: ${shape.length}\r\n`;
  else if (request.chunkedAllowed) text += 'Transfer-Encoding: chunked\r\n';
  if (!request.keepAlive) text += 'Connection: close\r\n';
  return Buffer.from(`${text}\r\n`, 'latin1');
}
