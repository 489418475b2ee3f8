import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import { ANSWER_FEATURES } from '../../../scripts/reference/fidelity/answer-features.ts';
import { COLUMNS } from '../../../scripts/reference/fidelity/columns.ts';
import type { Client } from '../../../scripts/reference/fidelity/feature.ts';
import { judge } from '../../../scripts/reference/fidelity/judge.ts';
import { judgeAnswer } from '../../../scripts/reference/fidelity/judge-answer.ts';
import { CLIENTS, FEATURES } from '../../../scripts/reference/fidelity/matrix.ts';
import { translationPage } from '../../../scripts/reference/translation-page.ts';

const NAMES = Object.keys(CLIENTS) as Client[];
const APIS: readonly ProviderApi[] = ['chat', 'responses', 'messages', 'gemini', 'converse'];

test('the page about translation has the matrix that the samples give', async () => {
  const page = join(import.meta.dir, '..', '..', '..', 'docs', 'translation.md');
  expect(await translationPage()).toBe(await Bun.file(page).text());
});

describe.each(NAMES)('of what a client of %s asks,', (client) => {
  const features = FEATURES.filter(({ asked }) => asked[client] !== undefined);

  test('a carried value is in the body, and would not be there without it', async () => {
    for (const feature of features)
      for (const column of COLUMNS) {
        const verdict = await judge(client, feature, column);
        if (verdict?.word !== 'carried') continue;
        const place = `${feature.name} → ${column.title}`;
        expect(`${place}: ${feature.arrives.test(verdict.body ?? '')}`).toBe(`${place}: true`);
        expect(`${place}: ${feature.arrives.test(verdict.plainBody ?? '')}`).toBe(`${place}: false`);
        expect(verdict.why).toEqual([]);
      }
  });

  test('a refused value is sent to nobody, and a lost one has a reason', async () => {
    for (const feature of features)
      for (const column of COLUMNS) {
        const verdict = await judge(client, feature, column);
        if (verdict?.word === 'refused') expect(verdict.body).toBeUndefined();
        const isLost = ['refused', 'dropped', 'approximated'].includes(verdict?.word ?? '');
        expect([feature.name, column.title, verdict?.why.length !== 0]).toEqual([
          feature.name,
          column.title,
          isLost,
        ]);
      }
  });
});

test.each(NAMES)('a carried part of an answer is in what a client of %s gets', async (client) => {
  for (const feature of ANSWER_FEATURES)
    for (const api of APIS) {
      const verdict = await judgeAnswer(client, feature, api);
      if (verdict?.word !== 'carried') continue;
      expect(verdict.body).toMatch(feature.arrives);
      expect(verdict.why).toEqual([]);
    }
});
