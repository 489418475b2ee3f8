import { CREDENTIALS, credential, isCredentialName, onCredentials, setCredential } from './credentials.ts';
import type { CredentialName } from './credentials.ts';
import { byId, el, fill } from './element.ts';
import { icon } from './icon.ts';
import { inline } from './prose.ts';
import type { ApiReference } from './reference.ts';

let open = (): void => undefined;

/** Shows the dialog in which keys are typed in. */
export function openKeys(): void {
  open();
}

/** The dialog, and the button in the bar that opens it and says whether there is a key. */
export function setUpKeys({ document: { components } }: ApiReference): void {
  const names = Object.keys(components.securitySchemes).filter(isCredentialName);
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'keys-title' },
    el(
      'form',
      { method: 'dialog' },
      el('h2', { id: 'keys-title' }, 'Keys'),
      el(
        'p',
        { class: 'muted' },
        'They stay in this tab, go to this gateway only, and are gone when the tab is closed.',
      ),
      ...names.map((name) => keyField(name, components.securitySchemes[name]?.description ?? '')),
      el(
        'div',
        { class: 'dialog-end' },
        el('button', { type: 'button', class: 'quiet', onclick: () => forget(names, dialog) }, 'Forget all'),
        el('button', { type: 'submit', class: 'primary' }, 'Done'),
      ),
    ),
  );
  document.body.append(dialog);
  open = () => dialog.showModal();
  const button = byId('keys');
  button.addEventListener('click', open);
  const show = (): void => {
    const known = names.filter((name) => credential(name) !== '');
    button.classList.toggle('is-set', known.length > 0);
    const label =
      known.length === 0 ? 'Enter a key' : known.map((name) => CREDENTIALS[name].label).join(', ');
    fill(button, icon('key'), el('span', {}, label));
  };
  onCredentials(button, show);
  show();
}

function keyField(name: CredentialName, description: string): HTMLElement {
  const id = `key-${name}`;
  const input = el('input', {
    id,
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': `${id}-about`,
    onchange: () => setCredential(name, input.value.trim()),
  });
  input.value = credential(name);
  return el(
    'div',
    { class: 'field' },
    el('label', { for: id }, CREDENTIALS[name].label),
    input,
    el('small', { id: `${id}-about`, class: 'muted' }, ...inline(description)),
  );
}

function forget(names: readonly CredentialName[], dialog: HTMLElement): void {
  for (const name of names) setCredential(name, '');
  for (const input of dialog.querySelectorAll('input')) input.value = '';
}
