import { el, fill } from './element.ts';

/** Panels of which one is visible at a time. */
export interface Tabs {
  readonly element: HTMLElement;
  /** Fills the panel of that name. */
  readonly show: (name: string, ...content: readonly (Node | string)[]) => void;
  readonly select: (name: string) => void;
  /** Changes the label of a tab. */
  readonly label: (name: string, text: string) => void;
}

let count = 0;

/** https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
export function tabs(label: string, names: readonly string[]): Tabs {
  const id = `tabs-${++count}`;
  const parts = new Map(
    names.map((name, index) => {
      const panel = el('div', {
        id: `${id}-panel-${index}`,
        role: 'tabpanel',
        'aria-labelledby': `${id}-${index}`,
      });
      const tab = el(
        'button',
        {
          type: 'button',
          id: `${id}-${index}`,
          role: 'tab',
          'aria-controls': panel.id,
          onclick: () => select(name),
        },
        name,
      );
      return [name, { tab, panel }] as const;
    }),
  );
  function select(name: string): void {
    for (const [other, { tab, panel }] of parts) {
      const isSelected = other === name;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      panel.hidden = !isSelected;
    }
  }
  function move(event: Event): void {
    const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };
    const step = event instanceof KeyboardEvent ? steps[event.key] : undefined;
    const at = names.findIndex((name) => parts.get(name)?.tab === document.activeElement);
    if (step === undefined || at === -1) return;
    const next = names[(at + step + names.length) % names.length] ?? '';
    select(next);
    parts.get(next)?.tab.focus();
  }
  select(names[0] ?? '');
  const all = [...parts.values()];
  return {
    element: el(
      'div',
      { class: 'tabs' },
      el('div', { role: 'tablist', 'aria-label': label, onkeydown: move }, ...all.map(({ tab }) => tab)),
      ...all.map(({ panel }) => panel),
    ),
    show(name, ...content) {
      const panel = parts.get(name)?.panel;
      if (panel !== undefined) fill(panel, ...content);
    },
    select,
    label(name, text) {
      const tab = parts.get(name)?.tab;
      if (tab !== undefined) tab.textContent = text;
    },
  };
}
