import { createRequire } from 'node:module';

/** A request's head as Node.js's HTTP parser (llhttp) reads it. */
export interface NodeHead {
  readonly method: string;
  readonly url: string;
  /** By name in lower case. */
  readonly fields: Readonly<Record<string, string>>;
}

interface Parser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  [callback: number]: unknown;
}

interface ParserClass {
  new (): Parser;
  readonly REQUEST: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
}

type HeadArguments = [
  major: number,
  minor: number,
  fields: readonly string[] | undefined,
  method: number,
  url: string | undefined,
];

/** Only Node.js has it, under a name that it does not promise to keep. */
const { HTTPParser, methods } = createRequire(__filename)('_http_common') as {
  readonly HTTPParser: ParserClass;
  readonly methods: readonly string[];
};

/** Returns undefined if Node.js refuses the head. */
export function readAsNode(bytes: Buffer): NodeHead | undefined {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  const flat: string[] = [];
  let line: Pick<NodeHead, 'method' | 'url'> | undefined;
  // Many fields come in several parts.
  parser[HTTPParser.kOnHeaders] = (some: readonly string[], url: string): void => {
    flat.push(...some);
    line = { method: '', url: (line?.url ?? '') + url };
  };
  parser[HTTPParser.kOnHeadersComplete] = (...[, , some, method, url]: HeadArguments): number => {
    flat.push(...(some ?? []));
    line = { method: methods[method] ?? '', url: (line?.url ?? '') + (url ?? '') };
    return 0;
  };
  if (parser.execute(bytes) instanceof Error || line === undefined) return undefined;
  const fields: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) fields[(flat[at] ?? '').toLowerCase()] = flat[at + 1] ?? '';
  return { ...line, fields };
}
