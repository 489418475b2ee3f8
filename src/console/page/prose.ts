import { el } from './element.ts';

/** Text of the document: paragraphs, lists of `- ` lines, and code between backticks. */
export function prose(text: string): HTMLElement {
  const blocks = text.split(/\n{2,}/).map((block) => {
    const lines = block.split('\n');
    return lines.every((line) => line.startsWith('- '))
      ? el('ul', {}, ...lines.map((line) => el('li', {}, ...inline(line.slice('- '.length)))))
      : el('p', {}, ...inline(block));
  });
  return el('div', { class: 'prose' }, ...blocks);
}

/** A line of such text. */
export function inline(text: string): (Node | string)[] {
  return text
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith('`') ? el('code', {}, part.slice(1, -1)) : part));
}
