import { expect } from 'bun:test';
import type { EmbeddingsClient } from '../../../src/translation/embeddings/asked.ts';
import {
  embeddingsAnswer,
  readEmbeddings,
  writeEmbeddings,
} from '../../../src/translation/embeddings/embeddings.ts';
import type { EmbeddingsApi } from '../../../src/translation/embeddings/providers.ts';
import type { Policy } from '../../../src/translation/losses.ts';
import { difference, type GoldenCase } from './golden-case.ts';

/** Whether a case translates an embeddings request between two APIs. */
export function isOfVectors(golden: GoldenCase): boolean {
  return golden.client_api === 'embeddings' || /mbedContents?\b/.test(golden.request_path ?? '');
}

export function playVectors(golden: GoldenCase): void {
  const text = golden.request_raw ?? JSON.stringify(golden.request);
  const { request_id: requestId } = golden.fixed;
  const reading = readEmbeddings(golden.client_api as EmbeddingsClient, text, {
    requestId,
    path: golden.request_path ?? '',
  });
  if (reading.kind === 'invalid') throw new Error(`the request is not read: ${reading.path}`);
  const written = writeEmbeddings(
    reading.asked,
    {
      api: apiOf(golden.provider_api),
      model: golden.target.model,
      policy: (golden.target['policy'] ?? 'warn') as Policy,
    },
    {},
  );
  const expected = golden.expected_upstream_request;
  if (written.kind === 'unsuitable') {
    expect(written.loss.path).toBe(expected?.unsuitable?.path ?? `suitable, but: ${written.loss.why}`);
    return;
  }
  expect(expected?.unsuitable).toBeUndefined();
  expect(difference(expected?.body, JSON.parse(written.body), 'upstream')).toBeUndefined();
  const { upstream_response: given, expected_client_response: answered } = golden;
  if (given === undefined || answered === undefined) return;
  const answer = embeddingsAnswer(JSON.stringify(given.body), written.exchange, () => 7);
  if (answer.kind === 'failed') throw new Error(answer.error.message);
  expect(difference(answered.body, JSON.parse(answer.body), 'body')).toBeUndefined();
  if (golden.expected_losses === undefined) return;
  const losses = written.exchange.losses.all().map(({ what, path }) => `${what} ${path}`);
  expect(losses.sort()).toEqual([...golden.expected_losses].sort());
}

function apiOf(provider: string): EmbeddingsApi {
  if (provider === 'gemini@vertex' || provider === 'vertex') return 'vertex';
  return provider === 'gemini' ? 'gemini' : 'openai';
}
