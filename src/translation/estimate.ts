import type { Conversation, Media, Part } from './conversation.ts';
import { writeJson } from './json.ts';

/** The basis of a token estimate, for providers that cannot count. */
export interface Countable {
  /** Texts for the tokenizer. */
  readonly texts: readonly string[];
  /** Tokens to add for messages, tools, images and pages. */
  readonly extra: number;
}

const PER_MESSAGE = 3;
const PER_TOOL = 8;
const PER_IMAGE = 1600;
const PER_PAGE = 1500;
/** Approximate number of base64 characters per PDF page. */
const PAGE_CHARS = 3 * 1024;
const MAX_PAGES = 100;

/** The texts of a conversation, and the tokens for everything else. */
export function countable(conversation: Conversation): Countable {
  const texts: string[] = conversation.system.map(({ text }) => text);
  let extra = PER_TOOL * (conversation.tools.length + conversation.serverTools.length);
  for (const { name, description, schema } of conversation.tools)
    texts.push(writeJson({ name, description, schema }));
  for (const { definition } of conversation.serverTools) texts.push(writeJson(definition));
  for (const { parts } of conversation.turns) {
    extra += PER_MESSAGE;
    for (const part of parts) extra += countPart(part, texts);
  }
  return { texts, extra };
}

/** Adds the texts of a part and returns the tokens for everything else in it. */
function countPart(part: Part, texts: string[]): number {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
      texts.push(part.text);
      return 0;
    case 'call':
      texts.push(part.name, part.arguments);
      return 0;
    case 'result': {
      let extra = 0;
      for (const inner of part.parts) extra += countPart(inner, texts);
      return extra;
    }
    case 'unknown':
      if (part.instead !== undefined) texts.push(part.instead.text);
      return 0;
    case 'image':
      return PER_IMAGE;
    case 'document':
    case 'audio':
    case 'video':
      return countDocument(part, texts);
  }
}

function countDocument({ source }: Media, texts: string[]): number {
  if (source.kind === 'text') {
    texts.push(source.text);
    return 0;
  }
  const pages = source.kind === 'bytes' ? Math.ceil(source.data.length / PAGE_CHARS) : 1;
  return PER_PAGE * Math.min(MAX_PAGES, Math.max(1, pages));
}
