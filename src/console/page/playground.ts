import { codeBlock } from './code.ts';
import { CHAT_PATH, conversation } from './conversation.ts';
import { credential, CREDENTIALS, onCredentials } from './credentials.ts';
import { el, fill } from './element.ts';
import { icon } from './icon.ts';
import { openKeys } from './keys-dialog.ts';
import { playgroundSettings } from './playground-settings.ts';
import { urlOf } from './reference.ts';
import { SNIPPETS } from './snippets.ts';

/** A conversation with a model, which shows for each answer how it came about. */
export function playground(): HTMLElement {
  const code = el('div');
  const settings = playgroundSettings(() => showCode());
  const talk = conversation(settings.body, () => showCode());
  function showCode(): void {
    const request = {
      method: 'POST',
      url: urlOf(CHAT_PATH),
      headers: {},
      variable: CREDENTIALS.bearer.variable,
      body: { kind: 'json', text: JSON.stringify(talk.body()) },
    } as const;
    fill(code, codeBlock(SNIPPETS.cURL(request), 'cURL'));
  }
  showCode();
  return el(
    'div',
    { class: 'playground' },
    el('h1', {}, 'Playground'),
    el(
      'details',
      // Beside the conversation it is always open.
      { class: 'settings card', open: matchMedia('(min-width: 68rem)').matches },
      el('summary', {}, 'Settings'),
      el(
        'div',
        {},
        settings.element,
        el('button', { type: 'button', onclick: talk.clear }, 'New conversation'),
        el('details', {}, el('summary', {}, 'As code'), code),
      ),
    ),
    el('div', { class: 'conversation' }, greeting(), talk.element),
  );
}

/** The information and steps before the first question. */
function greeting(): HTMLElement {
  const element = el('div', { class: 'greeting muted' });
  const show = (): void =>
    fill(
      element,
      el('p', {}, 'Every answer says which provider gave it, how many attempts it took, and how long.'),
      credential('bearer') === '' &&
        el(
          'button',
          { type: 'button', class: 'pill', onclick: openKeys },
          icon('key'),
          'Enter a key of this gateway',
        ),
    );
  onCredentials(element, show);
  show();
  return element;
}
