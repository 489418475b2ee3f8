import { describe, expect, test } from 'bun:test';
import { LastRequestHead } from '../../../../src/http1/last-request-head.ts';
import { readHead } from '../../../../src/server/lean/read-head.ts';
import { UnreadBytes } from '../../../../src/server/lean/unread-bytes.ts';

function isServed(line: string): boolean {
  const unread = new UnreadBytes();
  const length = line.startsWith('POST') ? 'Content-Length: 2\r\n' : '';
  unread.add(Buffer.from(`${line} HTTP/1.1\r\nHost: a\r\n${length}\r\n{}`));
  return readHead(unread, new LastRequestHead()) !== 'unusual';
}

describe('serves itself', () => {
  test.each([
    'POST /v1/chat/completions',
    'POST /chat/completions',
    'POST /v1/v1/messages?beta=true',
    'POST /openai/v1/responses',
    'POST /openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21',
    'POST /openai/deployments/e/embeddings?api-version=2024-10-21',
    'POST /v1beta/models/gemini-2.5-pro:generateContent',
    'POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    'POST /v1/responses/resp_1/cancel',
    'POST /v2/rerank',
    'GET /v1/responses/resp_1?stream=true',
    'GET /v1/models',
    'GET /models',
    'GET /openai/models?api-version=2024-10-21',
    'GET /v1beta/models?pageSize=50',
    'GET /v1/models/gpt-4.1',
    'GET /health',
    'GET /healthz',
    'GET /readyz',
  ])('%s', (line) => {
    expect(isServed(line)).toBe(true);
  });
});

describe('leaves to the runtime', () => {
  test.each([
    'POST /v1/models',
    'POST /models',
    'POST /openai/models',
    'POST /healthz',
    'POST /v1/key',
    'GET /v1/key',
    'GET /v1/v1/keys/usage',
    'POST /v1/keys',
    'GET /',
    'GET /metrics',
    'GET /health/detailed',
    'GET /admin/v1/keys',
    'POST /admin/v1/keys',
    'POST /admin/play/v1/chat/completions',
    'GET /console',
    'GET /v2/console',
    'GET /docs',
    'GET /openapi.json',
    'GET /api/hello',
    'GET /favicon.ico',
    'GET /models/x',
    'GET /chat/completions',
    'POST /nothing/here',
    'POST /openai',
    'OPTIONS /v1/models',
    'DELETE /v1/files/file-1',
  ])('%s', (line) => {
    expect(isServed(line)).toBe(false);
  });
});
