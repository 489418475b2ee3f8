import type { Fields } from '../lib/http/fields.ts';
import type { Tags } from '../config/owners.ts';
import { headerText } from './header-text.ts';
import { Refusal } from './refusals.ts';

/** The header in which a client tags a request: `feature=search, tenant=42`. It is not sent to providers. */
const TAGS_HEADER = 'x-llm-proxy-tags';

const MOST_TAGS = 16;
const MOST_VALUE_CHARS = 64;
const NAME = /^[\w.-]{1,32}$/;

/** A request's tags, and the number of client tags that its key does not list. */
export interface TagReading {
  readonly tags: Tags;
  readonly dropped: number;
}

/**
 * Adds a client's tags to the fixed ones, which the client cannot change. Names that the key does not list are dropped
 * and counted. Throws `invalid_tags` for a header that is not valid.
 */
export function readTags(headers: Fields, fixed: Tags, listed: readonly string[]): TagReading {
  const header = headers.get(TAGS_HEADER);
  if (header === null) return { tags: fixed, dropped: 0 };
  const tags: Record<string, string> = {};
  let dropped = 0;
  let count = 0;
  for (const part of headerText(header).split(',')) {
    if (part.trim() === '') continue;
    count += 1;
    if (count > MOST_TAGS) throw invalid(`it has more than ${MOST_TAGS} tags`);
    const [name, value] = tagOf(part);
    if (!listed.includes(name)) dropped += 1;
    else if (Object.hasOwn(tags, name)) throw invalid(`it names "${name}" twice`);
    else tags[name] = value;
  }
  const all = { ...tags, ...fixed };
  if (Object.keys(all).length > MOST_TAGS)
    throw invalid(`with those of its key, the request has more than ${MOST_TAGS} tags`);
  return { tags: all, dropped };
}

function tagOf(part: string): readonly [name: string, value: string] {
  const equals = part.indexOf('=');
  if (equals === -1) throw invalid(`"${part.trim()}" has no "="`);
  const name = part.slice(0, equals).trim();
  const value = part.slice(equals + 1).trim();
  if (!NAME.test(name))
    throw invalid(`the name "${name}" is not 1 to 32 letters, digits, dots, underscores or hyphens`);
  if (value === '') throw invalid(`"${name}" has no value`);
  if (value.length > MOST_VALUE_CHARS)
    throw invalid(`the value of "${name}" is longer than ${MOST_VALUE_CHARS} characters`);
  return [name, value];
}

function invalid(problem: string): Refusal {
  return new Refusal('invalid_tags', { problem }, { param: TAGS_HEADER });
}
