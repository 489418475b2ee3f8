import { type Actual, type Admission, FREE_ADMISSION } from '../../limits/admission.ts';
import type { Model } from '../../routing/route.ts';
import type { Usage } from '../../protocols/protocol.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import type { MasterKey } from '../../config/snapshot.ts';
import type { Attribution } from '../attribution.ts';
import type { Cost } from '../cost.ts';
import { endpointOf } from '../endpoint.ts';
import type { Ending, RequestEnded } from '../events.ts';
import type { ClientRequest, Gateway } from '../ports.ts';
import type { Refusal } from '../refusals.ts';
import { closeAdmission } from '../report.ts';
import { type AdmittedResponse, type ReadByResponse, releaseResponse } from './response-admission.ts';

/** The connection to which the reports belong. */
export interface Reported {
  readonly api: WebSocketApi;
  readonly request: ClientRequest;
  readonly key: MasterKey | undefined;
  readonly attribution: Attribution | undefined;
  readonly gateway: Gateway;
}

/** The provider and model that create a response. */
export interface Maker {
  readonly provider: string | undefined;
  /** The public name. */
  readonly model: string | undefined;
  readonly servedAs: string | undefined;
  /** The provider's name for the model. */
  readonly upstreamModel: string | undefined;
}

interface Pending extends Maker {
  readonly admission: Admission;
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly firstByteAtMs: number | undefined;
  readonly read: ReadByResponse;
  /** Bytes of its events. */
  sentBytes: number;
}

const NOBODY: Maker = {
  provider: undefined,
  model: undefined,
  servedAs: undefined,
  upstreamModel: undefined,
};

const NOTHING: ReadByResponse = { bodyBytes: 0, sessionTokens: 0 };

/** Maximum number of responses tracked at once per connection. */
const MOST_PENDING = 64;

/** Reports each response of a connection as a separate request with its usage. */
export class ResponseReports {
  readonly #reported: Reported;
  /** Requested but not started. */
  readonly #asked: Pending[] = [];
  /** Started, by the provider's id. */
  readonly #begun = new Map<string, Pending>();

  constructor(reported: Reported) {
    this.#reported = reported;
  }

  get isIdle(): boolean {
    return this.#asked.length === 0 && this.#begun.size === 0;
  }

  /** Records that the client requested a response. Its admission is settled when it ends. */
  ask(maker: Maker, { requestId, admission, read }: AdmittedResponse): void {
    this.#asked.push({ ...this.#start(maker, requestId), admission, read });
    // The oldest of so many must have been answered in an unknown way.
    if (this.#asked.length > MOST_PENDING) this.fail(500);
  }

  /**
   * Records that the provider started a response. If the client had not requested it, it gets what `takeHeld` returns;
   * if that is nothing either, its request id is returned, since it has to be admitted.
   */
  begin(id: string, maker: Maker, takeHeld?: () => AdmittedResponse | undefined): string | undefined {
    if (this.#begun.has(id) || this.#begun.size >= MOST_PENDING) return undefined;
    const asked = this.#asked.shift();
    const held = asked === undefined ? takeHeld?.() : undefined;
    const pending = asked ?? { ...this.#start(maker, held?.requestId), ...held };
    this.#begun.set(id, { ...pending, firstByteAtMs: this.#nowMs() });
    return asked === undefined && held === undefined ? pending.requestId : undefined;
  }

  /** Adds the admission of a response that the client had not requested. */
  admit(id: string, admitted: AdmittedResponse): void {
    const pending = this.#begun.get(id);
    if (pending === undefined) releaseResponse(admitted, this.#reported.gateway);
    else this.#begun.set(id, { ...pending, admission: admitted.admission });
  }

  /** Counts bytes of the responses that are being sent. */
  sent(bytes: number): void {
    for (const pending of this.#begun.values()) {
      pending.sentBytes += bytes;
      pending.admission.grow?.(bytes);
    }
  }

  end(id: string, maker: Maker, { usage, isFailed }: { usage: Usage | undefined; isFailed: boolean }): void {
    this.begin(id, maker);
    const pending = this.#begun.get(id) ?? this.#start(maker);
    this.#begun.delete(id);
    this.#report(pending, { ending: isFailed ? 'failed' : 'complete', status: 200, usage });
  }

  /** Reports the oldest requested response as failed. */
  fail(status: number): void {
    const pending = this.#asked.shift();
    if (pending !== undefined) this.#report(pending, { ending: 'failed', status });
  }

  /** Reports a refused client message. `model`: the one that it asked for, if that is known. */
  refuse({ status, code }: Refusal, model?: Model): string {
    const pending = this.#start({ ...NOBODY, model: model?.name, servedAs: model?.rotation });
    this.#report(pending, { ending: 'refused', status, code });
    return pending.requestId;
  }

  /** Reports all responses as ended, because the connection has. */
  endAll(ending: Ending): void {
    for (const pending of [...this.#asked.splice(0), ...this.#begun.values()])
      this.#report(pending, { ending, status: 200 });
    this.#begun.clear();
  }

  #nowMs(): number {
    return this.#reported.gateway.clock.nowMs();
  }

  #start(maker: Maker, requestId = this.#reported.gateway.newRequestId()): Pending {
    const { gateway, request } = this.#reported;
    const { method, path, headers } = request;
    gateway.emit({ type: 'request-started', requestId, method, endpoint: endpointOf(path), path, headers });
    const startedAtMs = this.#nowMs();
    const none = { firstByteAtMs: undefined, admission: FREE_ADMISSION, read: NOTHING, sentBytes: 0 };
    return { ...maker, ...none, requestId, startedAtMs };
  }

  #report(pending: Pending, end: ResponseEnd): void {
    const usage = end.usage ?? this.#usageOf(pending, end.ending);
    const isEstimated = end.usage === undefined && usage !== undefined;
    const endedAtMs = this.#nowMs();
    const cost = usage && this.#costOf(pending, usage, isEstimated);
    if (cost instanceof Promise)
      void cost.then(
        (known) => this.#close(pending, { ...end, usage, isEstimated, endedAtMs, cost: known }),
        () => this.#close(pending, { ...end, usage, isEstimated, endedAtMs, cost: undefined }),
      );
    else this.#close(pending, { ...end, usage, isEstimated, endedAtMs, cost });
  }

  /** The estimated use of a response that was cut off after it had begun: the provider bills it. */
  #usageOf({ model = '', firstByteAtMs, read, sentBytes }: Pending, ending: Ending): Usage | undefined {
    if (firstByteAtMs === undefined || (ending !== 'client-left' && ending !== 'truncated')) return undefined;
    const { estimates } = this.#reported.gateway;
    const inputTokens = Math.ceil(read.bodyBytes * estimates.tokensPerByte(model)) + read.sessionTokens;
    const outputTokens = Math.ceil(sentBytes / estimates.bytesPerToken(model));
    const totalTokens = inputTokens + outputTokens;
    return { inputTokens, outputTokens, totalTokens, cachedTokens: undefined, reasoningTokens: undefined };
  }

  #costOf(
    { provider, upstreamModel: model, admission }: Pending,
    usage: Usage,
    isEstimated: boolean,
  ): Cost | Promise<Cost> | undefined {
    if (provider === undefined || model === undefined) return undefined;
    const { hasBudget = false } = admission;
    return this.#reported.gateway.costs?.costOf({ provider, model, usage, isEstimated, hasBudget });
  }

  #close(
    { admission, requestId, startedAtMs, firstByteAtMs, provider, model, servedAs }: Pending,
    end: ReportedEnd,
  ): void {
    const { gateway, request, key, attribution } = this.#reported;
    const ended: RequestEnded = {
      type: 'request-ended',
      requestId,
      ending: end.ending,
      method: request.method,
      endpoint: endpointOf(request.path),
      model,
      servedAs,
      provider,
      keyName: key?.name,
      ...attribution,
      clientAddress: request.clientAddress,
      status: end.status,
      code: end.code,
      history: [],
      usage: end.usage,
      isUsageEstimated: end.isEstimated,
      cost: end.cost,
      isStreamed: firstByteAtMs !== undefined,
      overheadMs: undefined,
      startedAtMs,
      firstByteAtMs,
      endedAtMs: end.endedAtMs,
    };
    closeAdmission(admission, actualOf(provider, end), ended, gateway);
  }
}

function actualOf(provider: string | undefined, { usage, ending, cost, isEstimated }: ReportedEnd): Actual {
  return {
    wasServed: provider !== undefined,
    isFailed: ending === 'failed',
    isEstimated,
    inputTokens: usage?.inputTokens,
    cachedTokens: usage?.cachedTokens,
    outputTokens: usage?.outputTokens,
    costNano: cost?.nano,
  };
}

interface ReportedEnd extends ResponseEnd {
  readonly isEstimated: boolean;
  readonly endedAtMs: number;
  readonly cost: Cost | undefined;
}

interface ResponseEnd {
  readonly ending: Ending;
  readonly status: number;
  readonly usage?: Usage | undefined;
  readonly code?: string;
}
