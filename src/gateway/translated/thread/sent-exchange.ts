import type { Conversation } from '../../../translation/conversation.ts';
import type { Exchange, RequestFacts, Target } from '../../../translation/exchange.ts';
import { parseJson, writeJson } from '../../../translation/json.ts';
import { createLossList, type Loss, type LossList } from '../../../translation/losses.ts';

/** An exchange as plain data, without the parts of the request that its answer does not need. */
export interface SentExchange extends RequestFacts {
  /** The conversation in JSON: numbers of many digits are objects that a thread cannot take. */
  readonly head: string;
  readonly target: Target;
  readonly suffix: string;
  readonly losses: SentLosses;
  readonly tools: Exchange['tools'];
  readonly jsonTool: boolean;
}

export interface SentLosses {
  readonly all: readonly Loss[];
  /** Includes losses that are not kept. */
  readonly count: number;
}

/** Strips an exchange for another thread. */
export function sentExchange({ conversation, losses, ...plain }: Exchange): SentExchange {
  const head: Conversation = {
    ...conversation,
    system: [],
    turns: [],
    tools: [],
    serverTools: [],
    only: [],
    losses: [],
  };
  return { ...plain, head: writeJson(head), losses: sentLosses(losses) };
}

/** Restores an exchange from another thread, with what reading and writing its answer requires. */
export function revivedExchange({ head, losses, ...plain }: SentExchange): Exchange {
  return { ...plain, conversation: parseJson(head) as Conversation, losses: revivedLosses(losses) };
}

export function sentLosses(losses: LossList): SentLosses {
  return { all: losses.all(), count: losses.count() };
}

export function revivedLosses(sent: SentLosses): LossList {
  const losses = createLossList();
  addLosses(losses, sent);
  return losses;
}

/** Adds the losses that another thread found. */
export function addLosses(losses: LossList, { all, count }: SentLosses): void {
  for (const loss of all) losses.add(loss);
  losses.addUnkept(count - all.length);
}
