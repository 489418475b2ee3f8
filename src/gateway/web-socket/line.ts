import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { FREE_ADMISSION } from '../../limits/admission.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import type { Model } from '../../routing/route.ts';
import { admit } from '../admit.ts';
import { revealsSecret } from '../redact.ts';
import { Refusal } from '../refusals.ts';
import type { RequestContext } from '../request-context.ts';
import { redactMessage } from './redact-message.ts';
import { CLOSE } from './close-codes.ts';
import { type Connected, connectModel, type SocketGateway } from './connect.ts';
import { type CheckedMessage, checkMessage } from './message-check.ts';
import {
  CREATE,
  HIGH_WATER_BYTES,
  MAX_EARLY_MESSAGES,
  MAX_MESSAGE_BYTES,
  MAX_WAITING_BYTES,
} from './message-limits.ts';
import { MessageQueue } from './message-queue.ts';
import type { ProviderListener, SocketEnd } from './ports.ts';
import { refusalEvent } from './refusal-event.ts';
import { type AdmittedResponse, releaseResponse } from './response-admission.ts';
import { makerOf } from './response-maker.ts';
import { SessionResponses } from './session-responses.ts';
import { speakingModel } from './speaking-model.ts';
import { currentKey, validKey, whyNotAllowed } from './still-allowed.ts';
import { withUpstreamNames } from './upstream-names.ts';

/** The parts that make up a connection. */
export interface LineContext {
  readonly context: RequestContext;
  readonly api: WebSocketApi;
  readonly gateway: SocketGateway;
  /** Releases the connection's place in the count of open ones. */
  readonly leaveSeat: () => void;
}

/**
 * Connects a client's WebSocket to the provider's. Messages pass unchanged except for model names. The client's
 * messages are first checked one after the other. When one side ends, so does the other.
 */
export class WebSocketLine implements ProviderListener {
  readonly key: MasterKey | undefined;
  readonly #line: LineContext;
  readonly #responses: SessionResponses;
  #client: SocketEnd | undefined;
  #provider: Connected | undefined;
  /** The model named by the last message or the handshake. */
  #model: Model | undefined;
  /** Provider messages that arrived before both sides were connected. */
  readonly #early: (string | Uint8Array)[] = [];
  readonly #messages = new MessageQueue({
    pass: (text) => this.#pass(text),
    isOver: () => this.isOver,
    onIdle: () => {
      if (this.#isLeaving) this.leave();
    },
  });
  /** Number of responses that the client has requested. The token taken by the handshake covers the first. */
  #askedFor = 0;
  #isLeaving = false;
  #end: { readonly code: number; readonly reason: string } | undefined;

  constructor(line: LineContext) {
    this.#line = line;
    const { context, api, gateway } = line;
    this.key = context.key;
    this.#responses = new SessionResponses({
      context,
      api,
      gateway,
      maker: () => makerOf(this.#provider, this.#model),
      model: () => this.#model,
      isOver: () => this.isOver,
      refuse: (error, endsFor) => this.#refuse(error, this.#model, endsFor),
    });
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }
  /** undefined while the client has named no model. */
  get provider(): Connected | undefined {
    return this.#provider;
  }

  /** The model of the connection or its last message. */
  get model(): Model | undefined {
    return this.#model;
  }

  /** Connects to a provider of the model. Throws a `Refusal`. */
  async connect(model: Model): Promise<void> {
    const { context, gateway } = this.#line;
    const connected = await connectModel(context, model, { gateway, listener: this });
    const early = this.#early.splice(0).map((message) => redactMessage(message, connected.provider));
    // Either side may have disconnected in the meantime.
    if (this.#end !== undefined) {
      this.#early.push(...early);
      return connected.socket.close(CLOSE.goingAway, '');
    }
    this.#provider = connected;
    this.#model = model;
    gateway.traffic.begin(connected.route.id);
    for (const message of early) this.onMessage(message);
    this.#responses.holdNext();
  }

  /** Attaches the client's end once its handshake is complete. */
  attach(client: SocketEnd): void {
    this.#client = client;
    for (const message of this.#early.splice(0)) client.send(message);
    if (!this.#isHigh()) this.#provider?.socket.resume();
    if (this.#end !== undefined) client.close(this.#end.code, this.#end.reason);
  }

  onClientMessage(message: string | Uint8Array): void {
    if (this.#end !== undefined) return;
    if (typeof message !== 'string') return this.end(CLOSE.unsupported, 'Messages must be text.');
    if (!this.#messages.push(message, this.#line.gateway.clock.nowMs()))
      this.end(CLOSE.policy, 'Too many messages at a time.');
  }

  onClientDrain(): void {
    this.#provider?.socket.resume();
  }

  onClientClose(code: number): void {
    this.#client = undefined;
    this.#finish(code === CLOSE.abnormal ? CLOSE.goingAway : code, '', 'client-left');
  }

  /** Handles a message from the provider. */
  onMessage(received: string | Uint8Array): void {
    if (this.#end !== undefined) return;
    const provider = this.#provider?.provider;
    // The message is handled again once the provider is known, whose secrets it may contain.
    if (provider === undefined) return void this.#early.push(received);
    const message = redactMessage(received, provider);
    if (message.length > MAX_MESSAGE_BYTES)
      return this.end(CLOSE.tooBig, "The provider's message is too large.");
    if (typeof message === 'string') this.#responses.read(message);
    this.#responses.reports.sent(message.length);
    if (this.#client === undefined) this.#early.push(message);
    else this.#client.send(message);
    if (this.#isHigh()) this.#provider?.socket.pause();
    if (this.#isLeaving) this.leave();
  }

  #isHigh(): boolean {
    if (this.#client === undefined) return this.#early.length > MAX_EARLY_MESSAGES;
    return this.#client.bufferedBytes() > HIGH_WATER_BYTES;
  }

  /** Handles the provider's disconnect. */
  onClose(code: number, reason: string): void {
    const provider = this.#provider?.provider;
    const shown = provider !== undefined && revealsSecret(reason, provider) ? '' : reason;
    if (code !== CLOSE.abnormal) return this.#finish(code, shown, 'truncated');
    this.#finish(CLOSE.failed, 'The connection to the provider was lost.', 'truncated');
  }

  end(code: number, reason: string): void {
    this.#finish(code, reason, 'truncated');
  }

  /** Prepares for shutdown: ends the connection once nothing is lost, as a session of the Realtime API would be. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#line.api !== 'responses' || !this.#responses.reports.isIdle || !this.#messages.isIdle) return;
    this.end(CLOSE.goingAway, 'The gateway shuts down.');
  }

  /** Ends the connection if a new configuration no longer allows it, or its key has expired. */
  recheck(snapshot: Snapshot): void {
    const { api, gateway } = this.#line;
    const [provider, model] = [this.#provider?.provider.name, this.#model?.name];
    const why = whyNotAllowed({ api, key: this.key, provider, model }, snapshot, gateway.clock);
    if (why !== undefined) this.end(...why);
  }

  /** Checks one message and passes it on. Returns a promise only if the check is asynchronous. Never rejects. */
  #pass(text: string): Promise<void> | undefined {
    const { gateway, context } = this.#line;
    try {
      const checked = checkMessage(text, currentKey(context.key, gateway.snapshot()), gateway.objects);
      const isPlain = !(checked instanceof Promise) && checked.type !== CREATE && checked.models.length === 0;
      if (isPlain && this.#provider !== undefined) {
        this.#responses.sent(text, checked.type);
        this.#toProvider(text);
        return undefined;
      }
      return Promise.resolve(checked)
        .then((message) => this.#passChecked(message, text))
        .catch((error: unknown) => this.#refuse(error));
    } catch (error) {
      this.#refuse(error);
      return undefined;
    }
  }

  async #passChecked(message: CheckedMessage, text: string): Promise<void> {
    const { gateway, api, context } = this.#line;
    const snapshot = gateway.snapshot();
    const key = validKey(context.key, snapshot, gateway.clock);
    const isRequest = message.type === CREATE;
    const admission = isRequest && this.#askedFor > 0 ? await admit(key, gateway) : FREE_ADMISSION;
    const name = message.models.find(({ isMain }) => isMain)?.name;
    const isOther = name !== undefined && name !== this.#model?.name;
    const model = isOther ? speakingModel(name, api, { key, snapshot }) : this.#model;
    if (model === undefined) throw new Refusal('missing_model', {}, { param: 'model' });
    this.#responses.sent(text, message.type);
    let admitted: AdmittedResponse | undefined;
    try {
      if (isRequest) admitted = await this.#responses.admit(model, message.bytes, admission);
      if (this.#provider === undefined) await this.connect(model);
      this.#passNamed(message, text, { model, admitted });
    } catch (error) {
      if (admitted !== undefined) releaseResponse(admitted, gateway);
      this.#refuse(error, model);
    }
  }

  /** Passes a message on with the provider's names. A response after the end would not be reported. */
  #passNamed(
    message: CheckedMessage,
    text: string,
    { model, admitted }: { readonly model: Model; readonly admitted: AdmittedResponse | undefined },
  ): void {
    const connected = this.#provider;
    if (connected === undefined || this.#end !== undefined) {
      if (admitted !== undefined) releaseResponse(admitted, this.#line.gateway);
      return;
    }
    const renamed = withUpstreamNames(message, model, { snapshot: this.#line.gateway.snapshot(), connected });
    this.#model = model;
    if (admitted !== undefined) {
      this.#askedFor += 1;
      this.#responses.reports.ask(makerOf(this.#provider, this.#model), admitted);
    }
    this.#toProvider(renamed === message.bytes ? text : Buffer.from(renamed).toString());
  }

  #toProvider(text: string): void {
    const socket = this.#provider?.socket;
    if (socket === undefined || this.#end !== undefined) return;
    socket.send(text);
    if (socket.bufferedBytes() > MAX_WAITING_BYTES)
      this.end(CLOSE.tryLater, 'The provider does not take messages fast enough.');
  }

  /** Answers with an error event, and ends the connection if told why. An exception other than a `Refusal` is a bug. */
  #refuse(error: unknown, model?: Model, endsFor?: string): void {
    const { gateway, api, context } = this.#line;
    if (!(error instanceof Refusal)) gateway.emit({ type: 'bug', requestId: context.id, error });
    if (this.#end !== undefined) return;
    const refusal = error instanceof Refusal ? error : new Refusal('internal_error', { request: context.id });
    this.#client?.send(refusalEvent(api, refusal, this.#responses.reports.refuse(refusal, model)));
    if (endsFor !== undefined) this.end(CLOSE.policy, endsFor);
  }

  #finish(given: number, reason: string, ending: 'client-left' | 'truncated'): void {
    if (this.#end !== undefined) return;
    const code = given === CLOSE.noStatus ? CLOSE.normal : given;
    this.#end = { code, reason };
    this.#messages.clear();
    const { gateway, leaveSeat } = this.#line;
    if (this.#provider !== undefined) gateway.traffic.end(this.#provider.route.id);
    this.#provider?.socket.resume();
    this.#provider?.socket.close(code, reason);
    this.#client?.close(code, reason);
    this.#responses.end(ending);
    leaveSeat();
  }
}
