import type { Admission } from '../../limits/admission.ts';
import type { Claim } from '../../limits/claim.ts';
import { readProviderEvent } from '../../protocols/web-socket/provider-event.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import type { Model } from '../../routing/route.ts';
import type { Gateway } from '../ports.ts';
import type { RequestContext } from '../request-context.ts';
import { claimsOf } from '../reserve.ts';
import { type AdmittedResponse, admitResponse, NO_BODY, releaseResponse } from './response-admission.ts';
import { type Maker, ResponseReports } from './response-reports.ts';
import { SessionSize } from './session-size.ts';
import { currentKey } from './still-allowed.ts';

/** The connection that responses belong to. */
export interface SessionLine {
  readonly context: RequestContext;
  readonly api: WebSocketApi;
  readonly gateway: Gateway;
  /** The provider and model of the next response. */
  readonly maker: () => Maker;
  readonly model: () => Model | undefined;
  readonly isOver: () => boolean;
  /** Tells the client, and ends the connection if told why. */
  readonly refuse: (error: unknown, endsFor?: string) => void;
}

const FULL = 'A limit is reached.';

/**
 * Holds, settles and reports each response of a connection by itself. A session of the Realtime API may begin a response
 * that nobody asked for. Under `hold: maximum` it therefore holds the next one in advance, and ends when that does not fit.
 */
export class SessionResponses {
  readonly reports: ResponseReports;
  readonly #line: SessionLine;
  readonly #size: SessionSize | undefined;
  /** Held for a response that the provider may begin by itself. */
  #next: AdmittedResponse | undefined;
  #isHolding = false;

  constructor(line: SessionLine) {
    const { context, api, gateway } = line;
    this.#line = line;
    this.reports = new ResponseReports({ ...context, api, gateway });
    this.#size = api === 'realtime' ? new SessionSize() : undefined;
  }

  /** Counts a message of the client. */
  sent(text: string, type: string): void {
    this.#size?.sent(text, type);
  }

  /** Holds what a response needs that the client asks for. Throws a `Refusal`. */
  async admit(model: Model, body: Uint8Array, admission: Admission): Promise<AdmittedResponse> {
    this.#release();
    try {
      return await admitResponse(this.#limited(model, body), this.#line.gateway, admission);
    } catch (error) {
      this.holdNext();
      throw error;
    }
  }

  /** Follows a message of the provider. */
  read(text: string): void {
    const event = readProviderEvent(text);
    switch (event.kind) {
      case 'created':
        this.#noteObject(event.id);
        this.#size?.begun();
        return this.#begin(event.id);
      case 'ended':
        if (event.usage !== undefined) this.#size?.ended(event.usage);
        this.reports.end(event.id, this.#line.maker(), event);
        return this.holdNext();
      case 'error':
        this.reports.fail(event.status ?? 500);
        return this.holdNext();
      case 'other':
    }
  }

  /** Holds the next response in advance where that is needed, unless one is under way. */
  holdNext(): void {
    const { gateway, context, model, isOver, refuse } = this.#line;
    const current = model();
    if (this.#size === undefined || current === undefined || !this.#isFree()) return;
    const key = currentKey(context.key, gateway.snapshot());
    const claims = claimsOf(key, current.name, gateway.snapshot(), context.attribution?.endUser);
    if (!claims.some(isGuaranteed)) return;
    this.#isHolding = true;
    void Promise.try(admitResponse, this.#limited(current, NO_BODY), gateway).then(
      (admitted) => {
        this.#isHolding = false;
        if (isOver() || !this.#isFree()) releaseResponse(admitted, gateway);
        else this.#next = admitted;
      },
      (error: unknown) => {
        this.#isHolding = false;
        refuse(error, FULL);
      },
    );
  }

  /** The connection has ended. */
  end(ending: 'client-left' | 'truncated'): void {
    this.#release();
    this.reports.endAll(ending);
  }

  #isFree(): boolean {
    return !this.#isHolding && this.#next === undefined && this.reports.isIdle;
  }

  #release(): void {
    const held = this.#take();
    if (held !== undefined) releaseResponse(held, this.#line.gateway);
  }

  readonly #take = (): AdmittedResponse | undefined => {
    const next = this.#next;
    this.#next = undefined;
    return next;
  };

  /** A response that the client did not request is counted too, and ends the connection if it exceeds a limit. */
  #begin(id: string): void {
    const { gateway, maker, model, refuse } = this.#line;
    const requestId = this.reports.begin(id, maker(), this.#take);
    const current = model();
    if (requestId === undefined || current === undefined) return;
    void Promise.try(admitResponse, { ...this.#limited(current, NO_BODY), requestId }, gateway).then(
      (admitted) => this.reports.admit(id, admitted),
      (error: unknown) => refuse(error, FULL),
    );
  }

  #limited(model: Model, body: Uint8Array) {
    const { context, gateway } = this.#line;
    const key = currentKey(context.key, gateway.snapshot());
    return { context, key, model, body, sessionTokens: this.#size?.tokens };
  }

  /** Assigns a response to the client's key, since it may be continued later by its id. */
  #noteObject(id: string): void {
    const { api, gateway, context, maker } = this.#line;
    const { id: keyId = '', name: keyName = '' } = context.key ?? {};
    const { provider } = maker();
    if (api === 'responses' && provider !== undefined) gateway.objects.note(id, { keyId, keyName, provider });
  }
}

/** Whether a limit promises that it is never exceeded. */
function isGuaranteed({ hold, kind, isSoft }: Claim): boolean {
  return hold === 'maximum' && !isSoft && kind !== 'requests' && kind !== 'concurrent';
}
