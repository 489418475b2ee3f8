import type { CompletableCommand, CompletableOption, Operand } from './completable.ts';

/** The completion script for zsh: source it, or save it as `_llm-proxy` in a folder of `fpath`. */
export function zshCompletion(commands: readonly CompletableCommand[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options, operand }) => {
    const specs = [...options.map(optionSpec), ...operandSpec(operand)];
    return [
      `    ${name})`,
      ['      _arguments', ...specs.map(quoted)].join(' \\\n        '),
      '      ;;',
    ].join('\n');
  });
  return `#compdef llm-proxy
# llm-proxy completion for zsh
_llm_proxy_commands() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  _describe command commands
}
_llm_proxy() {
  local command=serve
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _llm_proxy_commands
    return
  fi
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT -= 1 ))
  fi
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _llm-proxy ]]; then _llm_proxy "$@"; else compdef _llm_proxy llm-proxy; fi`;
}

/** In the syntax of `_arguments`: \`--name=[description]:VALUE:action\`. */
function optionSpec({ name, description, value, repeats }: CompletableOption): string {
  const said = description.replaceAll(/[[\]\\:]/g, '\\$&');
  const again = repeats ? '*' : '';
  if (value === undefined) return `${again}--${name}[${said}]`;
  return `${again}--${name}=[${said}]:${value.name}:${action(value.operand)}`;
}

function operandSpec(operand: Operand): string[] {
  return operand.kind === 'none' ? [] : [`:operand:${action(operand)}`];
}

function action(operand: Operand): string {
  switch (operand.kind) {
    case 'words':
      return `(${operand.words.join(' ')})`;
    case 'command':
      return '_llm_proxy_commands';
    case 'file':
      return '_files';
    case 'unknown':
    case 'none':
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
