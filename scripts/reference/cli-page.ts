import { COMMANDS } from '../../src/cli/command-table.ts';
import type { Command } from '../../src/cli/command.ts';
import { EXAMPLES, manualOf, programManual, type Section, usageOf } from '../../src/cli/manual.ts';
import { markdownTable } from './markdown.ts';

/** `docs/cli.md`: every command with its options, from the table of the commands. */
export function cliPage(): string {
  const parts = [
    INTRODUCTION.trimEnd(),
    '## Commands',
    ...programManual(COMMANDS).map((section) => sectionText(section, linked)),
    ...COMMANDS.map(commandText),
  ];
  return `${parts.join('\n\n')}\n`;
}

const INTRODUCTION = `# Command line

<!-- Written by "npm run generate" from src/cli/commands/. -->

\`\`\`
llm-proxy [command] [options]
\`\`\`

Without a command, \`serve\` is run. \`llm-proxy help\` lists the commands, \`llm-proxy help COMMAND\` or \`llm-proxy COMMAND --help\` tells
about one. Options are written \`--config FILE\`, \`--config=FILE\` or \`-config FILE\`. In a checkout the program is
\`bin/llm-proxy\`.

## Completion

<!-- not run: a line for each of three shells -->
\`\`\`sh
source <(llm-proxy completion bash)       # in ~/.bashrc
source <(llm-proxy completion zsh)        # in ~/.zshrc, behind compinit
llm-proxy completion fish | source        # in ~/.config/fish/config.fish
\`\`\`

Or, so that no shell has to run the program when it starts, as a file: \`llm-proxy completion zsh > _llm-proxy\` in a folder of
\`fpath\`, \`llm-proxy completion fish > ~/.config/fish/completions/llm-proxy.fish\`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | failed; the reason is on standard error |
| 2 | wrong usage; standard error says how it is called |
| 130 | ended before it was done: by a second signal while requests were in flight, or by Ctrl-C at a question |

Results go to standard output, everything else to standard error. Colours, and the progress of long work, are only for a
terminal.
`;

function commandText(command: Command): string {
  return [
    `## ${command.name}`,
    `\`\`\`\n${usageOf(command)}\n\`\`\``,
    ...manualOf(command).map((section) => sectionText(section)),
  ].join('\n\n');
}

function sectionText(section: Section, cellOf = code): string {
  if (section.kind === 'text') return section.paragraphs.map(escaped).join('\n\n');
  if (section.title === EXAMPLES) {
    const width = Math.max(...section.rows.map(({ name }) => name.length));
    const lines = section.rows.map(({ name, means }) => `${name.padEnd(width)}   # ${means}`);
    return `${EXAMPLES_NOTE}\n\`\`\`sh\n${lines.join('\n')}\n\`\`\``;
  }
  const rows = section.rows.map(({ name, means }) => [cellOf(name), escaped(means)]);
  return markdownTable([section.title, ''], rows);
}

const EXAMPLES_NOTE =
  '<!-- not run: examples from anywhere; test/unit/cli/parse-arguments.test.ts reads their arguments -->';

function code(name: string): string {
  return `\`${name}\``;
}

/** A command with a link to its section. Any other text stays as it is. */
function linked(name: string): string {
  const isCommand = COMMANDS.some((command) => command.name === name);
  return isCommand ? `[${code(name)}](#${name})` : code(name);
}

/** Characters that Markdown would interpret. */
function escaped(text: string): string {
  return text.replaceAll(/[<>*]/g, '\\$&');
}
