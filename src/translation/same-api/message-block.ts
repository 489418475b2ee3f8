import type { Extent, ObjectMember } from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import type { LossList } from '../losses.ts';

/** A content block in a Messages body, or an item of any other list. */
export interface Block extends Extent {
  readonly bytes: Uint8Array;
  readonly members: readonly ObjectMember[];
  readonly type: string | undefined;
  /** `messages[3].content[0]`. */
  readonly path: string;
}

/** `cut`: remove the whole block. Edits lie within the block. undefined: keep it. The judge records the losses. */
export type Verdict = 'cut' | readonly Edit[] | undefined;

export interface MessageRules {
  readonly judge: (block: Block) => Verdict;
  /** Whether messages with role `system` become user messages. */
  readonly foldSystem: boolean;
  readonly losses: LossList;
  /** Receives the tools that system messages make available. */
  readonly referenced?: Set<string> | undefined;
}

/** A message in the body. */
export interface Message extends Extent {
  readonly members: readonly ObjectMember[];
  readonly role: string | undefined;
  readonly content: Extent | undefined;
  readonly blocks: readonly Block[];
  readonly path: string;
}
