import { expect, test } from 'bun:test';
import { TextSample } from '../../../../src/gateway/stream/text-sample.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/openai-chat.ts';

const event = (content: string): Buffer =>
  Buffer.from(
    `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}],"pad":"${'x'.repeat(100)}"}\n\n`,
  );

test('the text of the first events stands for that of all', () => {
  const sample = new TextSample(openaiChat);
  let bytes = 0;
  let count = 0;
  for (; !sample.isFull; count++) {
    const next = event(`word${count % 10}`);
    sample.add(next);
    bytes += next.byteLength;
  }
  expect(bytes).toBeGreaterThanOrEqual(2048);
  expect(bytes).toBeLessThan(2300);
  const { sample: text, chars } = sample.text();
  // The last event is cut where there is enough.
  expect(text).toStartWith('word0word1word2word3');
  expect(Math.abs(chars - 5 * count)).toBeLessThanOrEqual(5);
  for (let more = 0; more < 3 * count; more++) {
    const next = event('other');
    if (more % 2 === 0) sample.add(next);
    else sample.skip(next.byteLength);
  }
  expect(sample.text().sample).toBe(text);
  expect(Math.abs(sample.text().chars - 20 * count)).toBeLessThanOrEqual(20);
});

test('a short stream has its own text, and one without events has none', () => {
  const sample = new TextSample(openaiChat);
  expect(sample.text()).toEqual({ sample: '', chars: 0 });
  sample.add(event('Hello '));
  sample.add(event('you'));
  expect(sample.text()).toEqual({ sample: 'Hello you', chars: 9 });
});

test('of a large event, only the beginning is read', () => {
  let read = 0;
  const sample = new TextSample({
    textOf(events) {
      read += events.byteLength;
      return { sample: 'a', chars: 1 };
    },
  });
  sample.add(event('Hello '));
  sample.add(Buffer.alloc(1_000_000));
  expect(read).toBe(2048);
});
