import type { Command } from '../../command.ts';
import type { Option } from '../../option.ts';

/** A command as the shells need it. */
export interface CompletableCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletableOption[];
  /** The completion of arguments without dashes. */
  readonly operand: Operand;
}

export interface CompletableOption {
  readonly name: string;
  readonly description: string;
  /** undefined: the option is a switch. */
  readonly value: { readonly name: string; readonly operand: Operand } | undefined;
  readonly repeats: boolean;
}

/** The completions that a shell can offer in one place. */
export type Operand =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'command' }
  /** A free value, which only the user knows. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'none' };

/** The parts of a command that can be completed. */
export function completableCommand({
  name,
  summary,
  options = {},
  positionals = {},
}: Command): CompletableCommand {
  const [positional] = Object.values(positionals);
  return {
    name,
    summary,
    options: [
      ...Object.entries(options).map(([option, declared]) => completableOption(option, declared)),
      { name: 'help', description: 'tells more', value: undefined, repeats: false },
    ],
    operand: positional === undefined ? { kind: 'none' } : operandOf(positional),
  };
}

function completableOption(name: string, option: Option): CompletableOption {
  return {
    name,
    description: option.description,
    value: option.kind && { name: option.value, operand: operandOf(option) },
    repeats: option.kind !== undefined && option.repeats === true,
  };
}

function operandOf({ kind }: Option): Operand {
  if (kind?.choices !== undefined) return { kind: 'words', words: kind.choices };
  return { kind: kind?.names ?? 'unknown' };
}
