import { el, fill } from './element.ts';
import { icon } from './icon.ts';

/** Code to read and to copy. */
export function codeBlock(text: string, label = 'Code'): HTMLElement {
  return el(
    'div',
    { class: 'code' },
    el('pre', { tabindex: '0', role: 'region', 'aria-label': label }, el('code', {}, ...coloured(text))),
    copyButton(() => text),
  );
}

/** A button that copies a text to the clipboard and confirms it. */
export function copyButton(text: () => string): HTMLButtonElement {
  const button = el(
    'button',
    {
      type: 'button',
      class: 'copy quiet square',
      'aria-label': 'Copy',
      title: 'Copy',
      onclick: () => {
        void copy(text()).then(() => {
          fill(button, icon('check'));
          setTimeout(() => fill(button, icon('copy')), 1200);
        });
      },
    },
    icon('copy'),
  );
  return button;
}

/** The clipboard API needs HTTPS, which many gateways do not use. */
async function copy(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = el('textarea', { class: 'out-of-sight' });
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

const TOKEN =
  /("(?:[^"\\\n]|\\.)*")(\s*:)?|'(?:[^'\\\n]|\\.)*'|\b(?:true|false|null)\b|(?<=[\s[,(]|":)-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

/** JSON or a similar language with keys, texts and numbers highlighted. */
export function coloured(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted = '', colon = ''] = match;
    parts.push(text.slice(from, match.index));
    const kind = colon !== '' ? 'key' : /^["']/.test(whole) ? 'text' : 'value';
    parts.push(el('span', { class: `token-${kind}` }, colon === '' ? whole : quoted), colon);
    from = match.index + whole.length;
  }
  return [...parts, text.slice(from)];
}

/** JSON, indented; any other text as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
