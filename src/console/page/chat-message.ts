import { answerFacts, duration } from './answer-facts.ts';
import type { Ending, Listener } from './ask.ts';
import { el, fill } from './element.ts';
import { said } from './event-stream.ts';

/** One message of a conversation. The message of an answer receives its request's progress. */
export interface ChatMessage extends Listener {
  readonly element: HTMLElement;
  readonly add: (text: string) => void;
  /** Its text so far. */
  readonly text: () => string;
  readonly end: (ending: Ending) => Promise<void>;
}

export function chatMessage(role: 'user' | 'assistant'): ChatMessage {
  const thought = el('div', { class: 'thought', hidden: true });
  const words = el('div', { class: 'words' });
  const problem = el('p', { class: 'problem', hidden: true });
  const about = el('div', { class: 'about' });
  const element = el(
    'article',
    { class: `message is-${role}`, 'aria-label': role === 'user' ? 'You' : 'Answer' },
    thought,
    words,
    problem,
    about,
  );
  let firstMs: number | undefined;
  let tokens: number | undefined;
  let facts: HTMLElement | undefined;
  let reading = Promise.resolve();
  if (role === 'assistant') fill(about, el('span', { class: 'spinner' }));

  const complain = (message: string): void => {
    problem.hidden = false;
    problem.textContent = message;
  };
  const hear = (json: string, ms: number | undefined): void => {
    const part = said(json);
    if (part.error !== undefined) complain(part.error);
    if (part.text !== '') firstMs ??= ms;
    tokens = part.tokens ?? tokens;
    words.append(part.text);
    thought.append(part.thought);
    thought.hidden = thought.textContent === '';
  };
  return {
    element,
    add: (text) => words.append(text),
    text: () => words.textContent ?? '',
    head: (_status, headers) => {
      facts = answerFacts(headers);
    },
    event: ({ data }, ms) => hear(data, ms),
    body: (blob) => {
      reading = blob.text().then((text) => hear(text, undefined));
    },
    async end(ending) {
      await reading;
      if (ending.kind === 'unreachable') complain('The gateway can not be reached.');
      if (ending.kind === 'broken') complain('The answer broke off.');
      const times = [
        firstMs !== undefined && `first token after ${duration(firstMs)}`,
        ending.kind === 'complete' && `complete after ${duration(ending.ms)}`,
        ending.kind === 'stopped' && 'stopped',
        tokens !== undefined && `${tokens} tokens`,
      ].filter((part) => part !== false);
      fill(about, facts, el('p', { class: 'note' }, times.join(' · ')));
    },
  };
}
