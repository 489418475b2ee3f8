import { el } from './element.ts';

/** Shows the gateway's own headers about an answer in a row; undefined: there are none. */
export function answerFacts(headers: Headers): HTMLElement | undefined {
  const told = (name: string): string | undefined => headers.get(`x-llm-proxy-${name}`) ?? undefined;
  const provider = told('provider');
  if (provider === undefined) return undefined;
  const attempts = Number(told('attempts') ?? 1);
  const own = /gateway;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '')?.[1];
  return el(
    'div',
    { class: 'facts' },
    fact('answered by', `${provider} · ${told('model') ?? ''}`),
    fact(attempts === 1 ? 'attempt' : 'attempts', String(attempts)),
    own !== undefined && fact('in the gateway', `${own} ms`),
    attempts > 1 && trail(told('trail') ?? ''),
  );
}

function fact(label: string, value: string): HTMLElement {
  return el('span', { class: 'fact' }, el('span', { class: 'muted' }, label), ' ', el('b', {}, value));
}

/** The attempts in order; the last one gave the answer. */
function trail(text: string): HTMLElement {
  const steps = text.split(/,\s*/);
  return el(
    'ol',
    { class: 'trail', 'aria-label': 'Attempts' },
    ...steps.map((step, index) =>
      el('li', { class: index === steps.length - 1 ? 'is-last' : 'is-failed' }, step),
    ),
  );
}

/** A time for people. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** A size for people. */
export function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}
