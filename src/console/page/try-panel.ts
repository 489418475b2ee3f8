import { answerPanel } from './answer-panel.ts';
import { ask } from './ask.ts';
import { codeBlock } from './code.ts';
import { CREDENTIALS, credential, credentialFor, onCredentials } from './credentials.ts';
import { el, fill } from './element.ts';
import { icon } from './icon.ts';
import { openKeys } from './keys-dialog.ts';
import type { ApiReference, Entry } from './reference.ts';
import { requestForm } from './request-form.ts';
import { SNIPPETS } from './snippets.ts';
import { tabs } from './tabs.ts';

/** A form that sends the request of an operation and shows the answer as it comes. */
export function tryPanel(entry: Entry, reference: ApiReference): HTMLElement {
  const languages = tabs('Language', Object.keys(SNIPPETS));
  const form = requestForm(entry, reference, () => showSnippets());
  const answer = answerPanel();
  const send = el('button', { type: 'submit', class: 'primary send' });
  let running: AbortController | undefined;

  function showSnippets(): void {
    const request = form.snippet();
    for (const [language, write] of Object.entries(SNIPPETS))
      languages.show(language, codeBlock(write(request), language));
  }
  function showButton(): void {
    fill(send, ...(running === undefined ? [icon('send'), 'Send'] : [icon('stop'), 'Stop']));
    send.classList.toggle('is-running', running !== undefined);
  }
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (running !== undefined) return running.abort();
    running = new AbortController();
    showButton();
    answer.begin();
    answer.end(await ask(form.ask(), answer, running.signal));
    running = undefined;
    showButton();
  }

  showSnippets();
  showButton();
  return el(
    'aside',
    { class: 'try', 'aria-label': 'Try it' },
    el(
      'form',
      { class: 'card', onsubmit: (event) => void submit(event) },
      el('div', { class: 'card-head' }, el('h2', {}, 'Try it'), keyState(entry)),
      form.element,
      el('div', { class: 'form-end' }, send),
    ),
    answer.element,
    el('details', { class: 'card as-code' }, el('summary', {}, 'As code'), languages.element),
  );
}

/** Shows whether the operation's key was entered. */
function keyState({ operation }: Entry): HTMLElement | undefined {
  const needed = credentialFor(operation);
  if (needed === undefined) return undefined;
  const button = el('button', { type: 'button', class: 'pill', onclick: openKeys });
  const show = (): void => {
    const isSet = credential(needed.name) !== '';
    const { label } = CREDENTIALS[needed.name];
    button.classList.toggle('is-set', isSet);
    fill(button, icon('key'), isSet ? label : `No ${label.toLowerCase().replace('api', 'API')}`);
  };
  onCredentials(button, show);
  show();
  return button;
}
