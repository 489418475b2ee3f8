import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = join(import.meta.dir, '..', '..', '..', 'node_modules');

/** A member of a request, as the SDK's types declare it. */
export interface SdkMember {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** The members of an interface in a file of an SDK, in their order, those of the interfaces it extends included. */
export function sdkMembers(file: string, name: string): readonly SdkMember[] {
  const text = readFileSync(join(MODULES, file), 'utf8');
  const head = new RegExp(
    `^( *)(?:export )?(?:declare )?interface ${name}(?: extends ([\\w.,\\s]+?))? \\{$`,
    'm',
  ).exec(text);
  if (head === null) throw new Error(`${file} has no interface ${name}`);
  const [line, indent = '', parents = ''] = head;
  const body = text.slice(head.index + line.length, text.indexOf(`\n${indent}}`, head.index));
  const member = new RegExp(`^${indent}    (?:readonly )?'?([\\w-]+)'?(\\?)?: (.*?);?$`, 'gm');
  const own = [...body.matchAll(member)].map(([, key = '', mark, type = '']) => ({
    name: key,
    type,
    optional: mark === '?',
  }));
  const inherited = parents
    .split(',')
    .map((parent) => parent.trim().split('.').at(-1) ?? '')
    .filter((parent) => parent !== '' && !parent.startsWith('Omit'))
    .flatMap((parent) => sdkMembers(file, parent));
  return [...inherited, ...own];
}

/** Values of a type that needs no more than its own text to be understood; undefined: it needs an example. */
export function samplesOf(type: string): readonly unknown[] | undefined {
  const options = type.split('|').map((option) => option.trim());
  const literals = options.flatMap((option) => /^'(.*)'$/.exec(option)?.[1] ?? []);
  if (literals.length > 0) return literals;
  if (options.includes('boolean')) return [true, false];
  if (options.includes('number')) return [1];
  if (options.includes('string')) return ['x'];
  if (options.includes('Array<string>') || options.includes('string[]')) return [['x']];
  return undefined;
}
