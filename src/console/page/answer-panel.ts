import { answerFacts, duration, size } from './answer-facts.ts';
import type { Ending, Listener } from './ask.ts';
import { codeBlock, coloured, indented } from './code.ts';
import { el, fill } from './element.ts';
import { said } from './event-stream.ts';
import { tabs } from './tabs.ts';

/** Shows an answer as it comes. */
export interface AnswerPanel extends Listener {
  readonly element: HTMLElement;
  /** Starts showing another request. */
  readonly begin: () => void;
  readonly end: (ending: Ending) => void;
}

/** Further events are counted but not shown. */
const MOST_EVENTS = 500;
/** Only the beginning of a longer body is shown. */
const MOST_CHARS = 200_000;

export function answerPanel(): AnswerPanel {
  const state = el('div', { class: 'answer-state', role: 'status' });
  const facts = el('div');
  const content = el('div');
  const element = el(
    'section',
    { class: 'card answer-panel', hidden: true, 'aria-label': 'Answer' },
    state,
    facts,
    content,
  );
  let head: { readonly status: number; readonly headers: Headers; readonly ms: number } | undefined;
  let stream: StreamView | undefined;
  return {
    element,
    begin() {
      element.hidden = false;
      head = undefined;
      stream = undefined;
      fill(state, el('span', { class: 'spinner' }), 'Waiting for the answer …');
      fill(facts);
      fill(content);
    },
    head(status, headers, ms) {
      head = { status, headers, ms };
      fill(state, statusBadge(status), el('span', { class: 'spinner' }), `after ${duration(ms)}`);
      fill(facts, answerFacts(headers));
    },
    event(event, ms) {
      if (stream === undefined) {
        stream = streamView(head?.headers ?? new Headers());
        fill(content, stream.element);
      }
      stream.add(event.name, event.data, ms);
    },
    body: (blob) => void showBody(blob, head?.headers ?? new Headers(), content),
    end(ending) {
      const badge = head && statusBadge(head.status);
      const events = stream === undefined ? '' : `, ${stream.count()} events`;
      fill(state, badge, wordsFor(ending, events));
      state.classList.toggle('is-bad', ending.kind === 'broken' || ending.kind === 'unreachable');
    },
  };
}

function wordsFor(ending: Ending, events: string): string {
  switch (ending.kind) {
    case 'complete':
      return `complete after ${duration(ending.ms)}${events}`;
    case 'stopped':
      return `stopped${events}`;
    case 'broken':
      return `broke off after ${duration(ending.ms)}${events}`;
    case 'unreachable':
      return 'The gateway can not be reached.';
  }
}

function statusBadge(status: number): HTMLElement {
  return el('span', { class: `status status-${String(status).charAt(0)}` }, String(status));
}

interface StreamView {
  readonly element: HTMLElement;
  readonly add: (name: string, data: string, ms: number) => void;
  readonly count: () => number;
}

/** The combined text of the events, and the events themselves. */
function streamView(headers: Headers): StreamView {
  const view = tabs('Answer', ['Text', 'Events', 'Headers']);
  const text = el('div', { class: 'answer-text' });
  const list = el('ol', { class: 'events' });
  let count = 0;
  view.show('Text', text);
  view.show('Events', list);
  view.show('Headers', headerTable(headers));
  return {
    element: view.element,
    count: () => count,
    add(name, data, ms) {
      const { text: added, error } = said(data);
      text.append(error === undefined ? added : el('p', { class: 'problem' }, error));
      view.label('Events', `Events ${++count}`);
      if (count > MOST_EVENTS) return;
      list.append(
        el(
          'li',
          {},
          el('span', { class: 'muted' }, duration(ms), name === 'message' ? '' : ` ${name}`),
          el('code', {}, ...coloured(data)),
        ),
      );
    },
  };
}

async function showBody(blob: Blob, headers: Headers, content: HTMLElement): Promise<void> {
  const view = tabs('Answer', ['Body', 'Headers']);
  view.show('Headers', headerTable(headers));
  fill(content, view.element);
  const type = headers.get('content-type') ?? '';
  if (blob.size === 0) return view.show('Body', el('p', { class: 'muted' }, 'The body is empty.'));
  if (/json|text|xml|javascript/.test(type) || type === '') {
    const whole = indented(await blob.text());
    return view.show('Body', codeBlock(whole.slice(0, MOST_CHARS), 'Body of the answer'));
  }
  const link = el(
    'a',
    { href: URL.createObjectURL(blob), download: 'answer' },
    `Save ${size(blob.size)} of ${type}`,
  );
  view.show('Body', el('p', {}, link));
}

function headerTable(headers: Headers): HTMLElement {
  return el(
    'dl',
    { class: 'headers' },
    ...[...headers].flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );
}
