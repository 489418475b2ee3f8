import type { CompletableCommand, Operand } from './completable.ts';

/** The completion script for fish. */
export function fishCompletion(commands: readonly CompletableCommand[]): string {
  const names = commands.map(({ name }) => name);
  const lines = commands.flatMap(({ name, summary, options, operand }) => [
    `complete -c llm-proxy -n __llm_proxy_is_first -a ${name} -d ${quoted(summary)}`,
    ...offer(operand, names).map(
      (words) => `complete -c llm-proxy -n '__llm_proxy_runs ${name}; and not __llm_proxy_is_first' ${words}`,
    ),
    ...options.map(({ name: option, description, value }) =>
      [
        `complete -c llm-proxy -n '__llm_proxy_runs ${name}' -l ${option} -d ${quoted(description)}`,
        ...(value === undefined
          ? []
          : [value.operand.kind === 'file' ? '-r' : '-x', ...offer(value.operand, names)]),
      ].join(' '),
    ),
  ]);
  return `# llm-proxy completion for fish
function __llm_proxy_is_first
  test (count (commandline -opc)) -eq 1
end
function __llm_proxy_runs
  set -l words (commandline -opc)
  test (count $words) -gt 1; and not string match -q -- '-*' $words[2]; and set -l command $words[2]; or set -l command serve
  test $command = $argv[1]
end
complete -c llm-proxy -f
${lines.join('\n')}`;
}

function offer(operand: Operand, commands: readonly string[]): string[] {
  switch (operand.kind) {
    case 'words':
      return [`-a ${quoted(operand.words.join(' '))}`];
    case 'command':
      return [`-a ${quoted(commands.join(' '))}`];
    case 'file':
      return ['-F'];
    case 'unknown':
    case 'none':
      return [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
