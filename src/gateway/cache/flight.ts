import type { Signal } from '../../lib/signal.ts';
import type { ClientAnswer, ClientStream, StreamedClientAnswer } from '../client-answer.ts';
import type { Ending } from '../events.ts';
import type { Broadcast, BroadcastSeat } from './broadcast.ts';
import type { AnswerOrigin } from './stored-answer.ts';

/** The outcome of the request behind a flight. */
export interface FlightEnd {
  readonly ending: Ending;
  /** The code of a gateway refusal. */
  readonly code: string | undefined;
  /** Whether a provider answered for the model that was asked, and completely. */
  readonly isWorthKeeping: boolean;
}

/** The answer of a flight. The bytes of a stream are in its broadcast. */
export type FlightAnswer =
  | Exclude<ClientAnswer, StreamedClientAnswer>
  | Pick<StreamedClientAnswer, 'kind' | 'status' | 'fields'>;

/**
 * One request to a provider on behalf of all clients that ask the same at once. It goes on until the last of them has
 * left, whoever began it.
 */
export class Flight {
  /** The name of the request, as in the store. */
  readonly id: string;
  readonly origin: AnswerOrigin;
  readonly broadcast: Broadcast;
  readonly beganMs: number;
  /** Whether its answer must not be kept, because it was forgotten meanwhile. */
  isForgotten = false;
  /** Whether its answer can be found in the store. */
  isKept = false;
  /** The question to other gateways, while it is under way, whether they have forgotten its answer. */
  asking: Promise<boolean> | undefined;
  /** Whether the client that began it has left, while others wait. */
  isLeaderGone = false;
  /** Set when the request is settled. */
  end: FlightEnd | undefined;
  readonly #leaving = new AbortController();
  readonly #answer = Promise.withResolvers<FlightAnswer>();
  readonly #cost = Promise.withResolvers<number | undefined>();
  #passengers = 0;
  #abandon: (() => void) | undefined;

  constructor(id: string, origin: AnswerOrigin, broadcast: Broadcast, beganMs: number) {
    this.id = id;
    this.origin = origin;
    this.broadcast = broadcast;
    this.beganMs = beganMs;
  }

  /** Aborted when the last client has left before the end. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Resolves when the answer begins. Never rejects. */
  get answer(): Promise<FlightAnswer> {
    return this.#answer.promise;
  }

  /** The cost of the answer in nano-dollars; undefined if unknown. Resolves when the answer has ended. */
  get cost(): Promise<number | undefined> {
    return this.#cost.promise;
  }

  /** Whether another client would get all of the answer. */
  get canBeJoined(): boolean {
    return !this.#leaving.signal.aborted && !this.broadcast.isTooLarge;
  }

  board(): BroadcastSeat {
    this.#passengers += 1;
    return this.broadcast.seat();
  }

  /** A client has left, or has got all. If it is the last one, nobody waits for the provider any more. */
  leave(): void {
    this.#passengers -= 1;
    if (this.#passengers > 0 || this.end !== undefined) return;
    this.#leaving.abort();
    this.#abandon?.();
  }

  /** The answer has begun: passes it to all clients. Resolves when it has ended. */
  async answered(answer: ClientAnswer): Promise<void> {
    this.#answer.resolve(answer);
    if (answer.kind === 'whole') return;
    if (this.#leaving.signal.aborted) return answer.cancel();
    this.#abandon = () => answer.cancel();
    await answer.send(this.broadcast);
    // If the stream has no end of its own, no client may take it for complete.
    this.broadcast.reset();
  }

  /** Only the first call counts. */
  ended(end: FlightEnd): void {
    this.end ??= end;
  }

  /** Notes what the answer cost. Only the first call counts. */
  costs(nano: number | undefined): void {
    this.#cost.resolve(nano);
  }
}

/** How much of an answer a client got: `reset`: the answer broke off; `left`: the client did. */
export type Sent = 'closed' | 'reset' | 'left';

/** One client in a flight. It leaves once. */
export class Passenger {
  readonly #flight: Flight;
  readonly #seat: BroadcastSeat;
  readonly #signal: Signal;
  readonly #onLeaving: () => void;
  #isAboard = true;

  /** `onLeaving` is called if the client leaves before it has got all. */
  constructor(flight: Flight, signal: Signal, onLeaving: () => void = () => undefined) {
    this.#flight = flight;
    this.#seat = flight.board();
    this.#signal = signal;
    this.#onLeaving = onLeaving;
    if (signal.aborted) this.leave();
    else signal.addEventListener('abort', this.leave, { once: true });
  }

  /** The client has disconnected. */
  readonly leave = (): void => {
    if (!this.#isAboard) return;
    this.#onLeaving();
    this.arrive();
  };

  /** The client needs nothing more of the flight. */
  arrive(): void {
    if (!this.#isAboard) return;
    this.#isAboard = false;
    this.#signal.removeEventListener('abort', this.leave);
    this.#seat.leave();
    this.#flight.leave();
  }

  /** Sends a stream to the client. Never rejects. */
  async send(client: ClientStream): Promise<Sent> {
    const sent = await this.#seat.send(client);
    if (sent === 'left') this.leave();
    else this.arrive();
    return sent;
  }
}
