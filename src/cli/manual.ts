import { type Command, EXIT_MEANINGS, GROUP_TITLES } from './command.ts';
import type { Option, Options, Setting } from './option.ts';

/** A part of a command's manual: paragraphs, or rows of a name and its meaning. */
export type Section =
  | { readonly kind: 'text'; readonly paragraphs: readonly string[] }
  | { readonly kind: 'rows'; readonly title: string; readonly rows: readonly Row[] };

export interface Row {
  readonly name: string;
  readonly means: string;
}

/** The section whose names are complete command lines. */
export const EXAMPLES = 'Examples';

/** The synopsis of a command in one line. */
export function usageOf({ name, positionals = {}, options = {} }: Command): string {
  const required = Object.entries(options).filter(([, option]) => option.kind && option.isRequired);
  const isMore = Object.keys(options).length > required.length;
  return [
    `llm-proxy ${name}`,
    ...required.map(([option, setting]) => nameOf(option, setting)),
    ...(isMore ? ['[options]'] : []),
    ...Object.values(positionals).map(placeOf),
  ].join(' ');
}

/** The whole manual of a command. */
export function manualOf(command: Command): Section[] {
  const { description, positionals = {}, options = {}, environment = {}, examples } = command;
  const sections: Section[] = [
    { kind: 'text', paragraphs: description },
    {
      kind: 'rows',
      title: 'Arguments',
      rows: Object.values(positionals).map((each) => ({ name: each.value, means: meaningOf(each) })),
    },
    { kind: 'rows', title: 'Options', rows: [...optionRows(options), HELP_ROW] },
    { kind: 'rows', title: 'Environment', rows: rowsOf({ ...variablesOf(options), ...environment }) },
    {
      kind: 'rows',
      title: EXAMPLES,
      rows: examples.map(({ line, does }) => ({ name: line, means: does })),
    },
    { kind: 'rows', title: 'Exit codes', rows: rowsOf({ ...EXIT_MEANINGS, ...command.exits }) },
  ];
  return sections.filter((section) => section.kind === 'text' || section.rows.length > 0);
}

/** The program's purpose and its commands. */
export function programManual(commands: readonly Command[]): Section[] {
  const groups = Object.entries(GROUP_TITLES).map(([group, title]): Section => {
    const members = commands.filter((command) => command.group === group);
    return { kind: 'rows', title, rows: members.map(({ name, summary }) => ({ name, means: summary })) };
  });
  return [...groups, { kind: 'rows', title: 'Environment', rows: rowsOf(PROGRAM_VARIABLES) }];
}

const HELP_ROW: Row = { name: '-h, --help', means: 'show this help' };

const PROGRAM_VARIABLES = {
  NO_COLOR: 'no colours, unless empty',
  FORCE_COLOR: 'colours even without a terminal; 0: none',
};

function placeOf({ kind, value, isRequired }: Setting): string {
  const place = kind.choices?.join('|') ?? value;
  return isRequired ? place : `[${place}]`;
}

function nameOf(name: string, option: Option): string {
  return option.kind === undefined ? `--${name}` : `--${name} ${option.value}`;
}

function optionRows(options: Options): Row[] {
  return Object.entries(options).map(([name, option]) => ({
    name: nameOf(name, option),
    means: meaningOf(option),
  }));
}

function meaningOf(option: Option): string {
  if (option.kind === undefined) return option.description;
  const { description, kind, env, default: fallback, otherwise } = option;
  const choices = kind.choices ? `: ${kind.choices.join(', ')}` : '';
  const last = fallback ?? otherwise;
  const first = env === undefined ? last : `$${env}${last === undefined ? '' : `, else ${last}`}`;
  return `${description}${choices}${first === undefined ? '' : ` (default: ${first})`}`;
}

function variablesOf(options: Options): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) =>
      option.kind && option.env ? [[option.env, `if --${name} is not given`]] : [],
    ),
  );
}

function rowsOf(meanings: Readonly<Record<string, string>>): Row[] {
  return Object.entries(meanings).map(([name, means]) => ({ name, means }));
}
