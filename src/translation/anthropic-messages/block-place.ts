import { asObject, asString, type JsonObject } from '../json.ts';
import type { Loss } from '../losses.ts';

/** Context for reading a block. */
export interface BlockPlace {
  /** The source text of the tool call's `input` at this position. */
  readonly slices: (turn: number, block: number) => string | undefined;
  readonly turn: number;
  readonly block: number;
  readonly referenced: Set<string>;
  /** Receives the tools that blocks of the history define. */
  readonly added: AddedTool[];
  readonly losses: Loss[];
}

/** A definition of a tool in a block of the history. */
export interface AddedTool {
  readonly definition: JsonObject;
  readonly path: string;
}

/** The text of a text block; undefined for any other block. */
export function textOfBlock(block: unknown): string | undefined {
  const object = asObject(block);
  return object?.['type'] === 'text' ? asString(object['text']) : undefined;
}
