import type { Usage } from '../answer.ts';
import type { ToolCall } from '../tool-call.ts';
import type { Text } from '../words.ts';

/** What a chat completion will say, streamed or not. */
export interface ChatPlan {
  readonly id: string;
  readonly model: string;
  /** The text of each choice. */
  readonly choices: readonly Text[];
  readonly reasoning: Text | undefined;
  readonly tool: ToolCall | undefined;
  readonly finishReason: string;
  readonly usage: Usage;
}
