import { byId, el, fill } from './element.ts';
import { icon, type IconName } from './icon.ts';
import { consolePath, playgroundAddress } from './places.ts';
import type { ApiReference, Entry } from './reference.ts';

/** The list of all that there is, with a field to find something in it. */
export function setUpSidebar(reference: ApiReference): void {
  const { document: api, entries } = reference;
  const path = consolePath();
  const groups = api['x-tagGroups'].map(({ name, tags }) =>
    el(
      'section',
      {},
      el('h2', {}, name),
      ...tags.map((tag) =>
        tagList(
          tag,
          entries.filter(({ operation }) => operation.tags.includes(tag)),
        ),
      ),
    ),
  );
  const nothing = el('p', { class: 'muted', hidden: true }, 'Nothing is called that.');
  const search = el('input', {
    type: 'search',
    placeholder: 'Find an operation',
    'aria-label': 'Find an operation',
    oninput: () => {
      nothing.hidden = narrow(groups, search.value.trim().toLowerCase());
    },
  });
  fill(
    byId('navigation'),
    search,
    el(
      'ul',
      { class: 'places' },
      place('#/', 'home', 'Overview'),
      place(playgroundAddress(), 'chat', 'Playground'),
      ...(path === undefined ? [] : [place(path, 'screen', 'Console')]),
    ),
    ...groups,
    nothing,
  );
  setUpMenu();
}

function place(href: string, name: IconName, text: string): HTMLElement {
  return el('li', {}, el('a', { href }, icon(name), text));
}

function tagList(tag: string, entries: readonly Entry[]): HTMLElement {
  return el('div', { class: 'tag' }, el('h3', {}, tag), el('ul', {}, ...entries.map(entryItem)));
}

function entryItem({ id, method, path, operation }: Entry): HTMLElement {
  return el(
    'li',
    { 'data-words': `${method} ${path} ${operation.summary} ${operation.tags.join(' ')}`.toLowerCase() },
    el(
      'a',
      { href: `#/${id}`, title: `${method.toUpperCase()} ${path}` },
      methodBadge(method),
      el('span', {}, operation.summary),
    ),
  );
}

/** The method of a request, in its colour. */
export function methodBadge(method: string): HTMLElement {
  return el('span', { class: `method method-${method}` }, method === 'delete' ? 'DEL' : method.toUpperCase());
}

/** Hides entries that do not contain all words; returns whether any are left. */
function narrow(groups: readonly HTMLElement[], text: string): boolean {
  const words = text.split(/\s+/);
  for (const item of groups.flatMap((group) => [...group.querySelectorAll('li')])) {
    item.hidden = !words.every((word) => item.dataset['words']?.includes(word));
  }
  for (const part of groups.flatMap((group) => [...group.querySelectorAll<HTMLElement>('.tag'), group])) {
    part.hidden = part.querySelector('li:not([hidden])') === null;
  }
  return groups.some((group) => !group.hidden);
}

/** On narrow screens the list is behind a button. */
function setUpMenu(): void {
  const button = byId('menu');
  fill(button, icon('menu'));
  const toggle = (isOpen: boolean): void => {
    document.body.classList.toggle('has-menu', isOpen);
    button.setAttribute('aria-expanded', String(isOpen));
  };
  button.addEventListener('click', () => toggle(!document.body.classList.contains('has-menu')));
  addEventListener('hashchange', () => toggle(false));
  addEventListener('keydown', ({ key }) => key === 'Escape' && toggle(false));
}

/** Marks the entry of the view that is shown. */
export function markCurrent(hash: string): void {
  for (const link of byId('navigation').querySelectorAll('a')) {
    const isCurrent = link.getAttribute('href') === hash;
    if (isCurrent) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    if (isCurrent) link.scrollIntoView({ block: 'nearest' });
  }
}
