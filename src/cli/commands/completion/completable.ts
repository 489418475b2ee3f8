import type { Command } from '../../command.ts';
import type { Option } from '../../option.ts';

/** A command as the shells see it. */
export interface CompletableCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletableOption[];
  /** What may follow without dashes. */
  readonly operand: Operand;
}

export interface CompletableOption {
  readonly name: string;
  readonly description: string;
  /** undefined: it is a switch. */
  readonly value: { readonly name: string; readonly operand: Operand } | undefined;
  readonly repeats: boolean;
}

/** What a shell can offer in a place. */
export type Operand =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'command' }
  /** Only its user knows. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'none' };

/** What there is to complete in a command. */
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
