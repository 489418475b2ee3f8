import { version } from '../../../version.ts';
import { type Command, UsageError, type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { helpDeclaration } from './declaration.ts';
import { manualOf, programManual, type Section, usageOf } from '../../manual.ts';
import { type Style, styleFor } from '../../style.ts';
import { unknownCommand } from '../../unknown-command.ts';

/** Prints the help of the program, or of one command. */
export function help(
  { command: name }: ValuesOf<typeof helpDeclaration>,
  commands: readonly Command[],
): Promise<number> {
  const command = commands.find((candidate) => candidate.name === name);
  if (name !== undefined && command === undefined) throw new UsageError(unknownCommand(name, commands));
  const page: Page = {
    columns: Math.min(Math.max(process.stdout.columns || 80, NARROWEST), WIDEST),
    style: styleFor(process.stdout, process.env),
  };
  console.log(command === undefined ? programHelp(page, commands) : commandHelp(command, page));
  return Promise.resolve(EXIT.ok);
}

const NARROWEST = 60;
const WIDEST = 100;

interface Page {
  readonly columns: number;
  readonly style: Style;
  /** The width of the name column; undefined: each section has its own. */
  readonly nameWidth?: number;
}

function programHelp(page: Page, commands: readonly Command[]): string {
  const manual = programManual(commands);
  return [
    `llm-proxy ${version}: one address and one key in front of every LLM provider`,
    `${page.style.bold('Usage:')} llm-proxy [command] [options]`,
    ...manual.map((section) => sectionText(section, { ...page, nameWidth: widestName(manual) })),
    '"llm-proxy help <command>" explains a command. Without a command, "serve" runs.',
  ].join('\n\n');
}

function commandHelp(command: Command, page: Page): string {
  return [
    `${page.style.bold('Usage:')} ${usageOf(command)}`,
    ...manualOf(command).map((section) => sectionText(section, page)),
  ].join('\n\n');
}

function sectionText(section: Section, { columns, style, nameWidth }: Page): string {
  if (section.kind === 'text') {
    return section.paragraphs.map((text) => wrap(text, columns).join('\n')).join('\n\n');
  }
  const width = nameWidth ?? widestName([section]);
  const indent = ' '.repeat(width + 4);
  const lines = section.rows.flatMap(({ name, means }) => {
    const first = `  ${style.name(name)}${' '.repeat(Math.max(0, width - name.length))}`;
    const meaning = wrap(means, columns - indent.length);
    // A name that is too wide gets a line of its own.
    if (name.length > width) return [first, ...meaning.map((line) => `${indent}${line}`)];
    return meaning.map((line, index) => (index === 0 ? `${first}  ${line}` : `${indent}${line}`));
  });
  return [style.bold(`${section.title}:`), ...lines].join('\n');
}

/** The width of the longest name, limited to the maximum width of the column. */
function widestName(sections: readonly Section[]): number {
  const names = sections.flatMap((section) => (section.kind === 'rows' ? section.rows : []));
  return Math.min(Math.max(...names.map(({ name }) => name.length)), WIDEST_NAME);
}

const WIDEST_NAME = 40;

/** The text in lines of at most `width`, broken between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
