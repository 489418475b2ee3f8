import type { CompletableCommand, Operand } from './completable.ts';

/**
 * The completion script for bash. It works without the package bash-completion and with bash 3.2 (macOS): where it
 * leaves COMPREPLY empty, `-o default` makes readline offer files.
 */
export function bashCompletion(commands: readonly CompletableCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# llm-proxy completion for bash
_llm_proxy() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local command=serve options= words= files=
  # "--option=value" comes as three words.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $before == '=' ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $COMP_CWORD -gt 1 && \${COMP_WORDS[1]} != -* ]]; then command=\${COMP_WORDS[1]}; fi
  case "$command $before" in
${commands.flatMap((command) => valueCases(command, names)).join('\n')}
    *)
      case "$command" in
${commands.map((command) => operandCase(command, names)).join('\n')}
      esac
      if [[ $COMP_CWORD -eq 1 ]]; then words='${names}'; fi
      if [[ $current == -* ]]; then words=$options files=; fi
      ;;
  esac
  COMPREPLY=()
  if [[ -z $files ]]; then
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -o default -F _llm_proxy llm-proxy`;
}

/** Completes the value of an option. */
function valueCases({ name, options }: CompletableCommand, names: string): string[] {
  return options.flatMap((option) =>
    option.value ? [`    '${name} --${option.name}') ${offer(option.value.operand, names)};;`] : [],
  );
}

/** Completes everything else. */
function operandCase({ name, options, operand }: CompletableCommand, names: string): string {
  const dashed = options.map((option) => `--${option.name}`).join(' ');
  return `        ${name}) options='${dashed}' ${offer(operand, names)};;`;
}

function offer(operand: Operand, names: string): string {
  switch (operand.kind) {
    case 'words':
      return `words='${operand.words.join(' ')}' `;
    case 'command':
      return `words='${names}' `;
    case 'file':
      return 'files=1 ';
    case 'unknown':
    case 'none':
      return '';
  }
}
