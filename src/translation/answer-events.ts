import type {
  Answer,
  AnswerCall,
  AnswerPart,
  AnswerReading,
  AnswerReasoning,
  AnswerText,
  Choice,
} from './answer.ts';
import type { Seal } from './conversation.ts';
import { finishAfter, type Finish } from './finish.ts';
import { truncated, type HubError } from './hub-error.ts';
import type { EventOf, HubEvent } from './stream.ts';
import { completed, type Usage } from './usage.ts';

/**
 * Converts a whole answer into stream events, for a provider that was asked for a stream but answered without one.
 * Converts only the first choice.
 */
export function eventsOf(answer: Answer): readonly HubEvent[] {
  const { upstreamId, model, usage, serviceTier } = answer;
  const events: HubEvent[] = [{ kind: 'start', upstreamId, model, serviceTier, usage }];
  const choice = answer.choices[0];
  if (choice === undefined) return events;
  if (choice.logprobs !== undefined) events.push({ kind: 'logprobs', tokens: choice.logprobs });
  choice.parts.forEach((part, index) => events.push(...eventsOfPart(part, String(index))));
  events.push({ kind: 'finish', finish: choice.finish }, { kind: 'end' });
  return events;
}

function eventsOfPart(part: AnswerPart, key: string): readonly HubEvent[] {
  if (part.kind === 'call') {
    const { id, name, form, namespace, seal, path } = part;
    const pieces: HubEvent[] =
      part.arguments === '' ? [] : [{ kind: 'arguments', key, json: part.arguments }];
    return [
      { kind: 'call', key, id, name, form, namespace, seal, path },
      ...pieces,
      { kind: 'call-end', key },
    ];
  }
  const text: HubEvent[] = part.text === '' ? [] : [{ kind: part.kind, text: part.text }];
  if (part.kind === 'reasoning') {
    return [...text, { kind: 'reasoning-end', seal: part.seal, redacted: part.redacted }];
  }
  const citations: HubEvent[] = (part.citations ?? []).map((citation) => ({ kind: 'citation', citation }));
  return [...text, ...citations, { kind: 'part-end', seal: part.seal }];
}

/** Collects a reader's events into a whole answer, for a provider that streams without being asked to. */
export class AnswerCollector {
  readonly #parts: OpenPart[] = [];
  readonly #calls = new Map<string, OpenPart>();
  readonly #logprobs: unknown[] = [];
  #start: EventOf<'start'> | undefined;
  #usage: Usage | undefined;
  #serviceTier: string | undefined;
  #finish: Finish = { reason: 'end' };
  #ended = false;
  #error: HubError | undefined;
  /** The text or reasoning part being collected. */
  #current: OpenPart | undefined;

  push(event: HubEvent): void {
    switch (event.kind) {
      case 'start':
        this.#start = event;
        this.#report(event.usage, event.serviceTier);
        break;
      case 'usage':
        this.#report(event.usage, event.serviceTier);
        break;
      case 'finish':
        this.#finish = event.finish;
        break;
      case 'end':
        this.#ended = true;
        break;
      case 'error':
        this.#error ??= event.error;
        break;
      case 'text':
      case 'reasoning':
      case 'refusal':
      case 'reasoning-end':
      case 'late-seal':
      case 'part-end':
      case 'call':
      case 'arguments':
      case 'call-end':
      case 'citation':
      case 'logprobs':
        this.#content(event);
        break;
    }
  }

  /** The whole answer, or an error if the stream broke or never ended. */
  reading(): AnswerReading {
    if (this.#error !== undefined || !this.#ended)
      return { kind: 'failed', error: this.#error ?? truncated() };
    const choice: Choice = {
      parts: this.#parts.map(whole),
      finish: this.#finish,
      logprobs: this.#logprobs.length === 0 ? undefined : this.#logprobs,
    };
    const { upstreamId, model } = this.#start ?? {};
    const answer = {
      upstreamId,
      model,
      choices: [choice],
      usage: this.#usage,
      serviceTier: this.#serviceTier,
    };
    return { kind: 'answer', answer };
  }

  #report(usage: Usage | undefined, serviceTier: string | undefined): void {
    this.#usage = completed(this.#usage, usage);
    this.#serviceTier = serviceTier ?? this.#serviceTier;
  }

  #content(event: Exclude<HubEvent, { kind: 'start' | 'usage' | 'finish' | 'end' | 'error' }>): void {
    switch (event.kind) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        this.#opened(event.kind).pieces.push(event.text);
        break;
      case 'reasoning-end': {
        const { seal, redacted } = event;
        this.#opened('reasoning').part = { kind: 'reasoning', text: '', seal, redacted };
        this.#current = undefined;
        break;
      }
      case 'late-seal':
        this.#sealLate(event.seal);
        break;
      case 'part-end':
        if (event.seal !== undefined)
          this.#opened('text').part = { kind: 'text', text: '', seal: event.seal };
        this.#current = undefined;
        break;
      case 'call': {
        const { kind, id, name, form, namespace, seal } = event;
        const part: AnswerCall = { kind, id, name, form, namespace, seal, arguments: '' };
        this.#calls.set(event.key, this.#add(part));
        this.#current = undefined;
        break;
      }
      case 'arguments':
        this.#calls.get(event.key)?.pieces.push(event.json);
        break;
      case 'citation': {
        const { part } = this.#opened('text');
        if (part.kind === 'text')
          this.#opened('text').part = { ...part, citations: [...(part.citations ?? []), event.citation] };
        break;
      }
      case 'logprobs':
        for (const token of event.tokens) this.#logprobs.push(token);
        break;
      case 'call-end':
        break;
    }
  }

  #sealLate(seal: Seal): void {
    const open = this.#parts.findLast(({ part }) => part.kind === 'reasoning');
    if (open?.part.kind === 'reasoning') open.part = { ...open.part, seal };
  }

  /** Returns the current part if it is of this kind. Otherwise starts a new one. */
  #opened(kind: 'text' | 'refusal' | 'reasoning'): OpenPart {
    if (this.#current?.part.kind === kind) return this.#current;
    const part: AnswerText | AnswerReasoning =
      kind === 'reasoning' ? { kind, text: '', redacted: false } : { kind, text: '' };
    this.#current = this.#add(part);
    return this.#current;
  }

  #add(part: AnswerPart): OpenPart {
    const open: OpenPart = { part, pieces: [] };
    this.#parts.push(open);
    return open;
  }
}

interface OpenPart {
  part: AnswerPart;
  /** Pieces of the text or of the arguments. They are joined once. */
  readonly pieces: string[];
}

function whole({ part, pieces }: OpenPart): AnswerPart {
  return part.kind === 'call' ? { ...part, arguments: pieces.join('') } : { ...part, text: pieces.join('') };
}

/** The answer, with each choice's finish adjusted to its content (`finishAfter`). */
export function withFinish(answer: Answer): Answer {
  const choices = answer.choices.map((choice) => ({
    ...choice,
    finish: finishAfter(choice.finish, {
      call: choice.parts.some(({ kind }) => kind === 'call'),
      refusal: choice.parts.some(({ kind }) => kind === 'refusal'),
    }),
  }));
  return { ...answer, choices };
}
