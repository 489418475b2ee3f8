import { startSimulator } from '../../src/simulator/simulator.ts';
import type { RequestEnded } from '../../src/gateway/events.ts';
import type { Outcome } from '../../src/routing/outcome.ts';
import { startGateway, until } from '../e2e/gateway.ts';
import { type Api, CHAT, deltasOf, GEMINI, MESSAGES_API, RESPONSES } from './apis.ts';

/** The result of one fault for one kind of request. */
export interface FaultRow {
  readonly fault: string;
  /** The client's API. */
  readonly api: string;
  readonly streamed: boolean;
  /** The outcome of the attempt at the faulty provider, and its time. */
  readonly attempt: string;
  /** The result for the client if the model has a second route. */
  readonly withRoute: string;
  /** The next attempt if the model has a second route. */
  readonly next: string;
  /** Whether later requests skip the faulty route. */
  readonly cools: string;
  /** The result for the client if the model has no other route. */
  readonly alone: string;
}

/** Parameters that bring a fault within a test's time. */
const PARAMETERS: Readonly<Record<string, string>> = {
  status: 'status?code=418',
  quiet: 'quiet?seconds=0.5',
  'slow-first': 'slow-first?ms=300',
  drip: 'drip?bytes=512&ms=1',
  'big-event': 'big-event?bytes=1000000',
  endless: 'endless?pace=0',
  thinking: 'thinking?seconds=0.5&every=0.2',
  // At full speed the runtime may lose the last bytes before a broken connection, content or not.
  'cut-rst': 'cut-rst?after=10&pace=100',
  'cut-fin': 'cut-fin?after=10&pace=100',
  'cut-chunk': 'cut-chunk?after=10&pace=100',
  'cut-clean': 'cut-clean?after=10&pace=100',
};

/**
 * The limits for a provider that falls silent. Any other fault makes progress, so that its provider has time, however
 * slow the machine is.
 */
const LIMITS: Readonly<Record<string, string>> = {
  silence: '{ first_byte_timeout: 1 }',
  'headers-silence': '{ first_byte_timeout: 1 }',
  stall: '{ idle_timeout: 4 }',
};

/** Faults that never end by themselves. The client leaves. */
const ENDLESS = new Set(['endless']);

/** Plays every fault of the simulator's table, streamed and not, against a gateway with and without a second route. */
export async function playFaults(): Promise<FaultRow[]> {
  const simulator = await startSimulator();
  const listed = (await (await fetch(`${simulator.url}/mock/faults`)).json()) as {
    faults: { name: string }[];
  };
  // Faults of WebSockets do not answer HTTP requests.
  const names = listed.faults.map(({ name }) => name).filter((name) => !name.startsWith('ws-'));
  const cases = names.flatMap((name) => [false, true].map((streamed) => ({ name, streamed })));
  await simulator.stop();
  const rows: FaultRow[] = [];
  for (let from = 0; from < cases.length; from += 16) {
    rows.push(...(await Promise.all(cases.slice(from, from + 16).map(playFault))));
  }
  return rows;
}

/** The requests for errors in streams: each API before content, and one of them after it too. */
export async function playReports(): Promise<FaultRow[]> {
  const faults = ['context-length-exceeded', 'invalid-prompt', 'rate-limit-exceeded'].concat([
    'insufficient-quota',
    'server-is-overloaded',
    'server-error',
  ]);
  const cases = [...faults, 'server-is-overloaded?after=10'].flatMap((name) =>
    [CHAT, RESPONSES, MESSAGES_API, GEMINI].map((api) => ({ name: `failed-${name}`, streamed: true, api })),
  );
  const rows: FaultRow[] = [];
  for (let from = 0; from < cases.length; from += 16) {
    rows.push(...(await Promise.all(cases.slice(from, from + 16).map(playFault))));
  }
  return rows;
}

interface Case {
  readonly name: string;
  readonly streamed: boolean;
  readonly api?: Api;
}

async function playFault({ name, streamed, api = CHAT }: Case): Promise<FaultRow> {
  const fault = PARAMETERS[name] ?? name;
  const both = await ask({ fault, streamed, api }, 2);
  const alone = await ask({ fault, streamed, api }, 1);
  const [first, second] = both.ended.history;
  return {
    fault,
    api: api.name,
    streamed,
    attempt: attemptText(first?.outcome, both.ended),
    withRoute: both.seen,
    next: second === undefined ? '–' : `${second.route.provider} (${second.reason})`,
    cools: both.cooled ? 'yes' : 'no',
    alone: alone.seen,
  };
}

interface Asked {
  readonly fault: string;
  readonly streamed: boolean;
  readonly api: Api;
}

interface Seen {
  readonly seen: string;
  readonly ended: RequestEnded;
  readonly cooled: boolean;
}

/** Sends one request, to a new provider and a new gateway. Otherwise it might reuse a connection that a fault left behind. */
async function ask({ fault, streamed, api }: Asked, routes: 1 | 2): Promise<Seen> {
  const simulator = await startSimulator({ words: 60 });
  const second = routes === 2 ? ', { provider: healthy, model: mock/ok, priority: 2 }' : '';
  const gateway = startGateway(`
providers:
  - { name: faulty, api_base: "${simulator.url}", timeouts: ${LIMITS[fault] ?? '{}'} }
  - { name: healthy, api_base: "${simulator.url}" }
models: { m: { routes: [{ provider: faulty, model: "mock/${fault}" }${second}] } }
timeouts: { first_byte_timeout: 200, idle_timeout: 200 }
fallback: { retries: 0 }`);
  const seen = await whatIsSeen(gateway.url, { fault, streamed, api });
  const ended = await until(() => gateway.events.find((event) => event.type === 'request-ended'));
  const cooled = gateway.events.some((event) => event.type === 'route-cooled' && event.provider === 'faulty');
  await gateway.stop();
  await simulator.stop();
  return { seen, ended, cooled };
}

/** The client's view of the answer: its status, whether it is complete, and how a failure shows. */
async function whatIsSeen(url: string, { fault, streamed, api }: Asked): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(`${url}${(streamed ? api.streamPath : undefined) ?? api.path}`, {
    method: 'POST',
    body: JSON.stringify(api.body('m', { stream: streamed })),
    headers: { 'content-type': 'application/json' },
    signal: leave.signal,
  });
  if (response.status !== 200) return `${response.status} ${await codeOf(response)}`.trim();
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (streamed && ENDLESS.has(fault.split('?')[0] ?? '') && text.length > 20_000) leave.abort();
    }
  } catch {
    if (leave.signal.aborted) return 'content without end, until it leaves';
    return text.includes('"error"')
      ? 'content, an error event, broken connection'
      : 'content, broken connection';
  }
  if (!/"error":\s*\{/.test(text)) return 'the whole answer';
  return deltasOf(text, api).length > 0
    ? 'content, its error event, an end in order'
    : `200, ${codeIn(text)}`;
}

async function codeOf(response: Response): Promise<string> {
  const text = await response.text();
  return codeIn(text) ?? (text.startsWith('<') ? 'HTML' : '');
}

function codeIn(text: string): string | undefined {
  const [, code, status] = /"code":\s*"([^"]+)"|"status":\s*"([A-Z_]+)"/.exec(text) ?? [];
  return code ?? status;
}

function attemptText(outcome: Outcome | undefined, ended: RequestEnded): string {
  if (ended.ending === 'truncated') return 'answered, then broke off';
  switch (outcome?.kind) {
    case 'failed':
      return `failed ${outcome.status}${outcome.defect === undefined ? '' : ` (${outcome.defect})`}`;
    case 'rejected':
    case 'rate-limited':
      return `${outcome.kind} ${outcome.status}`;
    case 'unreachable':
      return `unreachable (${outcome.reason})`;
    case 'timed-out':
      return `timed out (${outcome.phase})`;
    case 'answered':
    case 'unsuitable':
    case 'cancelled':
    case undefined:
      return outcome?.kind ?? '–';
  }
}

/** The rows of errors in streams as a table in Markdown, a row for each API. */
export function reportTable(rows: readonly FaultRow[]): string {
  return [
    '| fault | API | the attempt | tried next | cools | client, with another route | client, without |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| \`${row.fault}\` | ${row.api} | ${cells(row)} |`),
  ].join('\n');
}

/** The rows as a table in Markdown. */
export function faultTable(rows: readonly FaultRow[]): string {
  return [
    '| fault | asked | the attempt | tried next | cools | client, with another route | client, without |',
    '|---|---|---|---|---|---|---|',
    ...[...Map.groupBy(rows, ({ fault }) => fault)].flatMap(([fault, ways]) => {
      const lines = ways.map((row) => ({ asked: row.streamed ? 'streamed' : 'plain', cells: cells(row) }));
      const isAlike = new Set(lines.map((line) => line.cells)).size === 1;
      return (isAlike ? [{ asked: 'both', cells: lines[0]?.cells }] : lines).map(
        (line) => `| \`${fault}\` | ${line.asked} | ${line.cells} |`,
      );
    }),
  ].join('\n');
}

function cells({ attempt, next, cools, withRoute, alone }: FaultRow): string {
  return [attempt, next, cools, withRoute, alone].join(' | ');
}
