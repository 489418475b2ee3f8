import type { CacheRule } from '../../config/caching.ts';
import { type Member, scanObject } from '../../lib/json/json-scan.ts';
import { valueAt } from '../../lib/json/json-scan.ts';
import type { PlannedRequest } from '../request-context.ts';

/** Reading larger bodies would hold up other requests for longer than their answers are worth. */
const MOST_BODY_BYTES = 1024 * 1024;

/** Members that tie an answer to something that a provider keeps, which may change or go. */
const STATEFUL = ['background', 'conversation', 'previous_response_id', 'container'] as const;
const MEMBERS = [...STATEFUL, 'store', 'temperature', 'generationconfig', 'generation_config'];

/** Fields that ask for a part of an answer, or for none (RFC 9110 §13.1, §14.2). Providers get them. */
const CONDITIONS = [
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
] as const;

/** Whether the answer to a request depends on nothing but the request, as far as the rule demands. */
export function isCacheable({ request, plan }: PlannedRequest, rule: CacheRule): boolean {
  const { body, peek } = plan;
  if (request.method !== 'POST' || peek.kind !== 'json' || peek.ambiguous) return false;
  if (CONDITIONS.some((name) => request.headers.has(name))) return false;
  const kind = kindOf(request.path, plan.clientProtocol.name);
  if (kind === undefined || body.byteLength > MOST_BODY_BYTES) return false;
  const scan = scanObject(body, MEMBERS);
  if (scan.kind !== 'object') return false;
  const members = new Map(scan.members.map((member) => [member.key, member]));
  // Parsers may disagree about a member that is written twice, or in another case.
  if (members.size !== scan.members.length || !scan.members.every(isPlain)) return false;
  if (STATEFUL.some((name) => isSet(members.get(name)))) return false;
  const stores = members.get('store')?.type;
  // The Responses API keeps an answer unless told otherwise.
  if (kind === 'responses' ? stores !== 'false' : stores === 'true') return false;
  return kind === 'embeddings' || rule.anyTemperature || temperatureOf(body, members) === 0;
}

type Kind = 'generated' | 'responses' | 'embeddings';

function kindOf(path: string, protocol: string): Kind | undefined {
  switch (protocol) {
    case 'openai-chat':
    case 'openai-completions':
    case 'anthropic-messages':
      return 'generated';
    case 'openai-responses':
      return 'responses';
    case 'openai-embeddings':
      return 'embeddings';
    default:
      if (/:(?:generateContent|streamGenerateContent)$/.test(path)) return 'generated';
      return /:(?:embedContent|batchEmbedContents)$/.test(path) ? 'embeddings' : undefined;
  }
}

function isPlain({ key, escaped }: Member): boolean {
  return !escaped && (key === key.toLowerCase() || key === 'generationConfig');
}

function isSet(member: Member | undefined): boolean {
  return member !== undefined && member.type !== 'null' && member.type !== 'false';
}

function temperatureOf(body: Uint8Array, members: ReadonlyMap<string, Member>): unknown {
  const own = members.get('temperature');
  if (own !== undefined) return valueAt(body, own.valueStart, own.valueEnd);
  const config = members.get('generationConfig') ?? members.get('generation_config');
  const value: unknown = config && valueAt(body, config.valueStart, config.valueEnd);
  return typeof value === 'object' && value !== null && 'temperature' in value
    ? value.temperature
    : undefined;
}
