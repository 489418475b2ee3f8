import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { YAMLError, YAMLMap } from 'yaml';
import type { Locate, Path } from './problems.ts';
import { MOST_CHARACTERS } from './quick/plain-yaml.ts';

/** A YAML error at an offset of the text. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Parsed YAML and a way to locate each setting in its text. */
export type Source =
  | { readonly kind: 'parsed'; readonly value: unknown; readonly locate: Locate }
  | { readonly kind: 'invalid'; readonly faults: readonly SyntaxFault[] };

const TOO_LARGE = `the file has more than ${MOST_CHARACTERS / 1e6} million characters; use a database for this many keys or models`;

const DANGLING =
  'an alias (*name) without its anchor (&name) before it; text that begins with * needs quotes';

const UNQUOTED = 'a reference such as ${VAR} needs quotes within { } or [ ]: "${VAR}"';

const CIRCULAR = 'an alias (*name) within its own anchor (&name)';

/** Real configurations nest about ten levels. */
const MOST_LEVELS = 100;
const TOO_DEEP = `sections are nested too deeply, more than ${MOST_LEVELS} levels`;

/** Aliases that multiply their anchors more often than this count as an attack. */
const MOST_ALIASES = 1000;

/**
 * Parses YAML 1.2, which includes JSON. Repeated keys, several documents and an empty file are errors; merge keys are
 * supported.
 */
export function parseSource(text: string): Source {
  if (text.length > MOST_CHARACTERS) return fault(TOO_LARGE);
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faultAt = (offset: number, message: string): SyntaxFault => ({ ...place(offset), message });
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
    });
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) {
      const faults = distinct(errors.map((error) => faultAt(error.pos[0], explain(error, text))));
      // Everything behind such a brace is misread.
      const unquoted = faults.filter(({ message }) => message === UNQUOTED);
      return { kind: 'invalid', faults: unquoted.length > 0 ? unquoted : faults };
    }
    if (isTooDeep(document.contents)) return fault(TOO_DEEP);
    const alias = findBadAlias(document);
    if (alias !== undefined) return { kind: 'invalid', faults: [faultAt(alias.offset, alias.message)] };
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (value === null || value === undefined)
      return fault('the file is empty: there is nothing to configure');
    return { kind: 'parsed', value, locate: (path, part) => place(offsetOf(document, path, part)) };
  } catch (error) {
    if (error instanceof ReferenceError)
      return fault('aliases (*name) expand to more than a configuration can need');
    if (error instanceof RangeError) return fault(TOO_DEEP);
    throw error;
  }
}

/** Brackets that are left open are one fault each, all at the end of the text. */
function distinct(faults: readonly SyntaxFault[]): SyntaxFault[] {
  return [...new Map(faults.map((each) => [JSON.stringify(each), each])).values()];
}

function fault(message: string): Source {
  return { kind: 'invalid', faults: [{ line: 1, column: 1, message }] };
}

function explain(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^\s:#]+)/.exec(text.slice(error.pos[0]))?.[0] ?? 'a key';
    return `${key} is set twice in the same section`;
  }
  if (error.code === 'MULTIPLE_DOCS')
    return 'a second document begins here (---); a configuration is one document';
  if (error.code === 'TAB_AS_INDENT') return 'a tab is used to indent; YAML allows only spaces';
  if (error.code === 'BAD_DIRECTIVE')
    return 'a line that begins with % is a directive of YAML, and this one is unknown';
  if (error.code === 'TAG_RESOLVE_FAILED') return 'an unknown tag; text that begins with ! needs quotes';
  if (/call stack/i.test(error.message)) return TOO_DEEP;
  // YAML takes the brace of ${VAR} for the beginning of a section within braces.
  if (text.startsWith('${', error.pos[0] - 1)) return UNQUOTED;
  // The rest of the library's message is the faulty text, which may be a secret.
  const [said = ''] = error.message.split(/: |"/);
  return `not valid YAML: ${said.charAt(0).toLowerCase()}${said.slice(1).trim()}`;
}

/** Whether sections nest deeper than in any configuration. Iterative, because recursion may fail or take long. */
function isTooDeep(root: unknown): boolean {
  const open: { readonly node: unknown; readonly level: number }[] = [{ node: root, level: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, level } = next;
    if (level > MOST_LEVELS) return true;
    const inner = isMap(node) ? node.items.map(({ value }) => value) : isSeq(node) ? node.items : [];
    for (const each of inner) if (isMap(each) || isSeq(each)) open.push({ node: each, level: level + 1 });
  }
  return false;
}

/** The first alias that precedes its anchor or lies within it. */
function findBadAlias(document: Document): { readonly offset: number; readonly message: string } | undefined {
  let found: { readonly offset: number; readonly message: string } | undefined;
  visit(document, {
    Alias(_key, alias, path) {
      const isCircular = path.some((node) => (isMap(node) || isSeq(node)) && node.anchor === alias.source);
      if (!isCircular && alias.resolve(document) !== undefined) return undefined;
      found = { offset: alias.range?.[0] ?? 0, message: isCircular ? CIRCULAR : DANGLING };
      return visit.BREAK;
    },
  });
  return found;
}

/** Follows the path as far as possible. A missing setting is reported at the section that should contain it. */
function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = startOf(node);
  for (const [depth, step] of path.entries()) {
    const found: Found | undefined = child(resolve(document, node), step, document);
    if (found === undefined) return offset;
    const isLast = depth === path.length - 1;
    node = found.value;
    offset = isLast && part === 'key' ? found.keyOffset : (found.value?.range?.[0] ?? found.keyOffset);
  }
  return offset;
}

interface Found {
  readonly keyOffset: number;
  readonly value: Node | null;
}

function child(node: Node | null, step: string | number, document: Document): Found | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return isNode(item) ? { keyOffset: startOf(item), value: item } : undefined;
  }
  return isMap(node) ? (ownPair(node, step) ?? mergedPair(node, step, document)) : undefined;
}

function ownPair(map: YAMLMap, step: string | number): Found | undefined {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === String(step));
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return { keyOffset: startOf(pair.key), value: isNode(pair.value) ? pair.value : null };
}

/** A setting merged by `<<: *name` is located at its anchor. */
function mergedPair(map: YAMLMap, step: string | number, document: Document): Found | undefined {
  const merges = map.items
    .filter(({ key }) => isScalar(key) && String(key.value) === '<<')
    .map(({ value }) => value);
  const sources = merges.flatMap((value) => (isSeq(value) ? value.items : [value])).filter(isNode);
  for (const source of sources) {
    const found = child(resolve(document, source), step, document);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolve(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
