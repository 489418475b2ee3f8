import { clientTool, type Exchange } from '../exchange.ts';
import { mintedCallId } from '../ids.ts';
import { asObject, asString, type JsonObject } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import type { HubEvent } from '../stream.ts';
import { createFreeformText, type FreeformText } from '../freeform-text.ts';
import { argumentsText, geminiSeal, thoughtSignature } from './read-calls.ts';

/**
 * Collects the calls of a Chat stream. Servers vary: several calls in one delta, no index, no id, the id in each chunk,
 * a new id at an old index (a new call), names in pieces, ids or names after the arguments, arguments as an object.
 */
export class StreamedCalls {
  readonly #exchange: Exchange;
  readonly #emit: (event: HubEvent) => void;
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();
  readonly #byId = new Map<string, Call>();
  /** The call whose name may still be incomplete. */
  #pending: Call | undefined;

  constructor(exchange: Exchange, emit: (event: HubEvent) => void) {
    this.#exchange = exchange;
    this.#emit = emit;
  }

  /** Reads one entry of `delta.tool_calls`. `at` holds its event and its index in the list. */
  push(delta: JsonObject, at: Place): void {
    const inner = asObject(delta['function']) ?? asObject(delta['custom']) ?? {};
    const name = asString(inner['name']) ?? '';
    const call = this.#callOf(delta, name);
    if (this.#pending !== undefined && this.#pending !== call) this.flush();
    if (!call.started && name !== call.name) call.name += name;
    call.signature ??= thoughtSignature(delta);
    call.isCustom ||= delta['type'] === 'custom' || asObject(delta['custom']) !== undefined;
    const json = argumentsOf(inner, at);
    if (!call.started && !this.#mayStart(call, json)) {
      call.early += json;
      this.#pending = call;
      return;
    }
    this.#start(call);
    this.#arguments(call, json);
  }

  /** Whether the name is complete, since arguments follow it, or too many arguments have come before it. */
  #mayStart({ name, early }: Call, json: string): boolean {
    return name === '' ? early.length > MOST_EARLY : json !== '' || early !== '' || this.#isWhole(name);
  }

  /** Whether a name is complete: a tool has it, and no other tool's name continues it. */
  #isWhole(name: string): boolean {
    const { tools } = this.#exchange;
    if (!tools.has(name)) return false;
    for (const other of tools.keys()) if (other !== name && other.startsWith(name)) return false;
    return true;
  }

  #arguments({ key, freeform }: Call, json: string): void {
    const piece = freeform === undefined ? json : freeform.push(json);
    if (piece !== '') this.#emit({ kind: 'arguments', key, json: piece });
    if (freeform?.isOver() === true) this.#emit({ kind: 'call-end', key });
  }

  /** Starts the pending call. Its name is complete because something else follows. */
  flush(): void {
    const call = this.#pending;
    if (call !== undefined) this.#start(call);
  }

  #start(call: Call): void {
    this.#pending = undefined;
    if (call.started) return;
    call.started = true;
    const { key, id, signature } = call;
    const { name, namespace, form } = clientTool(this.#exchange, call.name);
    const path = `choices[0].message.tool_calls[${key}]`;
    if (form === 'freeform' && !call.isCustom) {
      call.freeform = createFreeformText({ losses: this.#exchange.losses, path });
    }
    const seal = signature === undefined ? undefined : geminiSeal(signature, this.#exchange.target.provider);
    this.#emit({ kind: 'call', key, id, name, namespace, form, seal, path });
    if (call.early !== '') this.#arguments(call, call.early);
    call.early = '';
  }

  /** Finds the call that a delta belongs to. Creates one if there is none. */
  #callOf(delta: JsonObject, name: string): Call {
    const id = asString(delta['id']) ?? '';
    const index = typeof delta['index'] === 'number' ? delta['index'] : undefined;
    const known = index === undefined ? undefined : this.#byIndex.get(index);
    if (id !== '') return this.#callWithId(id, name, { index, known });
    if (known !== undefined) return known;
    const last = this.#calls.at(-1);
    return index === undefined && name === '' && last !== undefined ? last : this.#add('', index);
  }

  /** `known` is the call with the delta's index, if there is one. */
  #callWithId(
    id: string,
    name: string,
    { index, known }: { readonly index: number | undefined; readonly known: Call | undefined },
  ): Call {
    const same = this.#byId.get(id);
    if (same !== undefined) {
      const isOther = index !== undefined && known !== same && same.index !== undefined && name !== '';
      // Another call under an id that is taken. The client could not tell their results apart.
      if (!isOther) return same;
      return known ?? this.#add('', index);
    }
    // A call whose id is late; a name beside the id would begin another.
    if (known?.minted === true && (!known.started || name === '')) {
      if (!known.started) known.id = id;
      known.minted = false;
      this.#byId.set(id, known);
      return known;
    }
    return this.#add(id, index);
  }

  #add(id: string, index: number | undefined): Call {
    const k = this.#calls.length;
    const call: Call = {
      key: String(k),
      index,
      id: id === '' ? mintedCallId(this.#exchange.suffix, k) : id,
      minted: id === '',
      name: '',
      early: '',
      started: false,
      isCustom: false,
      signature: undefined,
      freeform: undefined,
    };
    this.#calls.push(call);
    if (index !== undefined) this.#byIndex.set(index, call);
    if (id !== '') this.#byId.set(id, call);
    return call;
  }
}

/** Characters of arguments that wait for a name. */
const MOST_EARLY = 64 * 1024;

interface Call {
  readonly key: string;
  readonly index: number | undefined;
  id: string;
  minted: boolean;
  name: string;
  /** Arguments that came before the name. */
  early: string;
  started: boolean;
  isCustom: boolean;
  signature: string | undefined;
  freeform: FreeformText | undefined;
}

interface Place {
  readonly source: string;
  readonly index: number;
}

function argumentsOf(inner: JsonObject, at: Place): string {
  const value = inner['arguments'] ?? inner['input'];
  return typeof value === 'object' && value !== null ? sliceOf(at) : argumentsText(value);
}

/** The source text of arguments that are an object. */
function sliceOf({ source, index }: Place): string {
  const legacy = ['choices', '*', 'delta', 'function_call', 'arguments'];
  const pattern =
    index === -1 ? legacy : ['choices', '*', 'delta', 'tool_calls', '*', 'function', 'arguments'];
  const key = index === -1 ? '0' : `0.${index}`;
  return sourceSlices(source, pattern).get(key) ?? '';
}
