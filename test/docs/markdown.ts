/** A fenced block of code in a page. */
export interface Block {
  /** `page.md:12`, the line of its fence. */
  readonly place: string;
  /** The word behind the fence, or '' without one. */
  readonly language: string;
  readonly text: string;
  /** The comments right above the block that tell the tests how to treat it, by their first words. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export interface Link {
  readonly place: string;
  readonly target: string;
}

/** The parts of a page that the tests use. */
export interface Page {
  /** From the root of the checkout. */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly links: readonly Link[];
  readonly headings: readonly Heading[];
  /** Comments that are not above a block, by their first words. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
  /** The anchors that a link can name after `#`. */
  readonly anchors: ReadonlySet<string>;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
}

const NOTE = /^\s*<!-- ([a-z ]+): (.*) -->$/;
const FENCE = /^(\s*)```([\w-]*)\s*$/;

/** Reads the parts of a Markdown page that can be tested. */
export function readMarkdown(path: string, text: string): Page {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  const links: Link[] = [];
  const headings: Heading[] = [];
  const pageNotes: string[] = [];
  let pending: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const place = `${path}:${index + 1}`;
    const fence = FENCE.exec(line);
    if (fence !== null) {
      const [, indent = '', language = ''] = fence;
      const end = lines.findIndex((other, at) => at > index && other === `${indent}\`\`\``);
      if (end === -1) throw new Error(`${place}: this block has no end`);
      const inside = lines.slice(index + 1, end).map((inner) => inner.slice(indent.length));
      blocks.push({ place, language, text: `${inside.join('\n')}\n`, notes: readNotes(pending) });
      pending = [];
      index = end;
    } else if (NOTE.test(line)) {
      pending.push(line);
    } else if (line.trim() !== '') {
      pageNotes.push(...pending);
      pending = [];
      links.push(...findLinks(line).map((target) => ({ place, target })));
      const heading = /^(#+) (.*)$/.exec(line);
      if (heading !== null) headings.push({ level: heading[1]?.length ?? 0, text: heading[2] ?? '' });
    }
  }
  return { path, blocks, links, headings, notes: readNotes(pageNotes), anchors: anchorsOf(headings) };
}

function readNotes(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const notes = new Map<string, string[]>();
  for (const line of lines) {
    const [, name = '', value = ''] = NOTE.exec(line) ?? [];
    notes.set(name, [...(notes.get(name) ?? []), value]);
  }
  return notes;
}

/** Targets of links and pictures. Text in code is ignored. */
function findLinks(line: string): string[] {
  const prose = line.replaceAll(/`[^`]*`/g, '``');
  return [
    ...[...prose.matchAll(/\]\(\s*([^)\s]+)[^)]*\)/g)].map(([, target = '']) => target),
    ...[...prose.matchAll(/\b(?:src|srcset|href)="([^"]*)"/g)].map(([, target = '']) => target),
    ...[...prose.matchAll(/<(https?:\/\/[^>\s]+)>/g)].map(([, target = '']) => target),
  ];
}

/** The anchors that GitHub gives to headings: https://docs.github.com/en/get-started/writing-on-github. */
function anchorsOf(headings: readonly Heading[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text } of headings) {
    const plain = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}
