import { CREDENTIALS, credential, isCredentialName, onCredentials, setCredential } from './credentials.ts';
import type { CredentialName } from './credentials.ts';
import { checkKey, type KeyState } from './key-check.ts';
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
  showKeys(button, names);
}

/** The button says which keys there are, and whether the gateway takes them. */
function showKeys(button: HTMLElement, names: readonly CredentialName[]): void {
  const states = new Map<CredentialName, { readonly key: string; readonly state: KeyState }>();
  const stateOf = (name: CredentialName): KeyState => states.get(name)?.state ?? 'unknown';
  const show = (): void => {
    const known = names.filter((name) => credential(name) !== '');
    const isRefused = known.some((name) => stateOf(name) === 'refused');
    button.classList.toggle('is-refused', isRefused);
    button.classList.toggle('is-given', known.length > 0);
    button.classList.toggle('is-set', !isRefused && known.some((name) => stateOf(name) === 'accepted'));
    const labels = known.map((name) =>
      stateOf(name) === 'refused' ? `${CREDENTIALS[name].label} refused` : CREDENTIALS[name].label,
    );
    fill(button, icon('key'), el('span', { role: 'status' }, labels.join(', ') || 'Enter a key'));
  };
  const check = (name: CredentialName): void => {
    const key = credential(name);
    // A wrong admin key counts against the sender, so each is tried once.
    if (key === (states.get(name)?.key ?? '')) return;
    states.set(name, { key, state: 'unknown' });
    void checkKey(name).then((state) => {
      if (credential(name) !== key) return;
      states.set(name, { key, state });
      show();
    });
  };
  const changed = (): void => {
    for (const name of names) check(name);
    show();
  };
  onCredentials(button, changed);
  changed();
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
