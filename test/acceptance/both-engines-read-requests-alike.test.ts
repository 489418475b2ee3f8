import { afterAll, beforeAll, expect, test } from 'bun:test';
import { HIDDEN_FORMS, hiddenForm, KEY, markOf, type RequestForm } from './front/request-forms.ts';
import { compareForms, emptyComparison, startTwoServers, type TwoServers } from './front/two-servers.ts';

let servers: TwoServers;

beforeAll(() => {
  servers = startTwoServers();
});
afterAll(() => servers.stop());

test('whatever a client sends, the lean engine reads what the runtime reads, or refuses it', async () => {
  const result = emptyComparison();
  await compareForms({ from: 0, to: 2_000, seed: 20 }, servers, result);
  expect(result.wrong).toEqual([]);
  expect(result.lost).toEqual([]);
  // The comparison says something only if many requests arrive, and many do not.
  expect(result.served).toBeGreaterThan(600);
  expect(result.served).toBeLessThan(1_800);
  expect(result.stricter).toBeLessThan(60);
}, 180_000);

test('a plain request is read alike wherever it is cut', async () => {
  const body = `{"model":"m","user":"${markOf(9, 0)}"}`;
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.from(head + body);
  const form = (cuts: readonly number[]): RequestForm => ({
    id: 9,
    bytes,
    cuts,
    ends: [bytes.length],
    isPaced: false,
    isPlain: true,
  });
  const result = emptyComparison();
  const all = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);
  for (const cut of all) await servers.compare(form([cut]), result);
  await servers.compare(form(all), result);
  expect(result).toMatchObject({ same: bytes.length, served: bytes.length, wrong: [], lost: [] });
}, 180_000);

test('however a character hides a transfer coding, the lean engine reads what the runtime reads, or refuses it', async () => {
  const result = emptyComparison();
  const step = process.env['HIDDEN'] === 'all' ? 1 : 31;
  for (let at = 0; at < HIDDEN_FORMS; at += step)
    await servers.compare(hiddenForm(3_000_000 + at * 10, at), result);
  expect(result.wrong).toEqual([]);
}, 600_000);
