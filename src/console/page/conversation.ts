import { ask } from './ask.ts';
import { chatMessage } from './chat-message.ts';
import { credential } from './credentials.ts';
import { el, fill } from './element.ts';
import { icon } from './icon.ts';
import { urlOf } from './reference.ts';

export const CHAT_PATH = '/v1/chat/completions';

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Questions and answers, and the field for the next question. */
export interface Conversation {
  readonly element: HTMLElement;
  /** The body that would be sent now. */
  readonly body: () => Record<string, unknown>;
  readonly clear: () => void;
}

/** `bodyOf` builds a request's body from the turns; `onChange` is called when the next request changes. */
export function conversation(
  bodyOf: (turns: readonly Turn[]) => Record<string, unknown>,
  onChange: () => void,
): Conversation {
  const turns: Turn[] = [];
  const thread = el('div', { class: 'thread', 'aria-live': 'polite' });
  let running: AbortController | undefined;

  async function submit(content: string): Promise<void> {
    const question: Turn = { role: 'user', content };
    const asked = chatMessage('user');
    const answer = chatMessage('assistant');
    asked.add(content);
    thread.append(asked.element, answer.element);
    answer.element.scrollIntoView({ block: 'nearest' });
    running = new AbortController();
    composer.show(true);
    await answer.end(await ask(requestFor(bodyOf([...turns, question])), answer, running.signal));
    running = undefined;
    composer.show(false);
    // A question without an answer, or from a cleared conversation, is not sent again with the next one.
    if (answer.text() !== '' && answer.element.isConnected)
      turns.push(question, { role: 'assistant', content: answer.text() });
    onChange();
  }
  const composer = createComposer({
    onChange,
    send: (text) => running ?? void submit(text),
    stop: () => running?.abort(),
  });
  return {
    element: el('div', { class: 'talk' }, thread, composer.element),
    body: () => bodyOf([...turns, { role: 'user', content: composer.text() || 'Hello!' }]),
    clear() {
      running?.abort();
      turns.length = 0;
      fill(thread);
      onChange();
    },
  };
}

function requestFor(body: Record<string, unknown>) {
  const key = credential('bearer');
  return {
    method: 'POST',
    url: urlOf(CHAT_PATH),
    headers: { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  };
}

interface ComposerActions {
  readonly onChange: () => void;
  readonly send: (text: string) => void;
  readonly stop: () => void;
}

/** The field for a question, with a button that sends it or stops the answer. */
function createComposer({ onChange, send, stop }: ComposerActions) {
  const field = el('textarea', {
    id: 'message',
    rows: 2,
    placeholder: 'Ask something',
    'aria-label': 'Message. Enter sends it, Shift and Enter begin a new line.',
    oninput: onChange,
    onkeydown: (event) => {
      const isEnter = event instanceof KeyboardEvent && event.key === 'Enter' && !event.isComposing;
      if (!isEnter || event.shiftKey) return;
      event.preventDefault();
      if (!isRunning) submit();
    },
  });
  const button = el('button', { type: 'submit', class: 'primary send' });
  let isRunning = false;
  const show = (isOn: boolean): void => {
    isRunning = isOn;
    fill(button, ...(isOn ? [icon('stop'), 'Stop'] : [icon('send'), 'Send']));
    button.classList.toggle('is-running', isOn);
  };
  const submit = (): void => {
    const text = field.value.trim();
    if (text === '') return;
    field.value = '';
    send(text);
  };
  const element = el(
    'form',
    {
      class: 'composer',
      onsubmit: (event) => {
        event.preventDefault();
        if (isRunning) stop();
        else submit();
      },
    },
    field,
    button,
  );
  show(false);
  return { element, show, text: () => field.value.trim() };
}
