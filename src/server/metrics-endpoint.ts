import type { MetricsSettings } from '../config/snapshot.ts';
import { presentedKey } from '../gateway/credentials.ts';
import { Refusal } from '../gateway/refusals.ts';
import { responseOf } from './response.ts';
import { refusalAnswer } from '../gateway/refuse.ts';
import { newRequestId } from '../gateway/request-id.ts';
import { sha256Hex } from '../lib/sha256.ts';

/** The metrics as text and their media type, rendered anew for each reader. */
export interface MetricsPage {
  readonly type: string;
  readonly text: () => string | Promise<string>;
}

/** `/metrics`, for holders of the token, or for everybody if none is configured. Refuses with 401. */
export async function readMetrics(
  headers: Headers,
  page: MetricsPage,
  { token }: MetricsSettings,
): Promise<Response> {
  // Compares hashes, so that timing reveals nothing about the token.
  if (token !== undefined && sha256Hex(presentedKey(headers) ?? '') !== sha256Hex(token)) {
    throw new Refusal(
      'invalid_metrics_token',
      {},
      { headers: { 'www-authenticate': 'Bearer realm="metrics"' } },
    );
  }
  return new Response(await page.text(), { headers: { 'content-type': page.type } });
}

/** The metrics' own listener. */
export interface MetricsServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly page: MetricsPage;
  /** Read for each request, since the token may change. */
  readonly settings: () => MetricsSettings;
}

/** Serves only `/metrics` on a port of its own. Throws an error that names this port if it cannot be used. */
export function serveMetrics(options: MetricsServerOptions): MetricsServer {
  const server = listen(options);
  return { url: server.url.origin, stop: () => server.stop(true) };
}

function listen(options: MetricsServerOptions): Bun.Server<undefined> {
  try {
    return start(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`metrics.port ${options.port}: ${reason}`, { cause: error });
  }
}

function start({ host, port, page, settings }: MetricsServerOptions): Bun.Server<undefined> {
  return Bun.serve({
    hostname: host,
    port,
    development: false,
    async fetch(request) {
      const path = pathOf(request.url);
      try {
        if (path !== '/metrics') throw new Refusal('path_not_found', { path });
        return await readMetrics(request.headers, page, settings());
      } catch (error) {
        if (error instanceof Refusal)
          return responseOf(refusalAnswer(error, { id: newRequestId(), path, headers: request.headers }));
        throw error;
      }
    },
  });
}

/** Parsing would throw on an invalid Host header. */
function pathOf(url: string): string {
  return /^(?:[a-z]+:\/\/[^/]*)?(\/[^?#]*)/i.exec(url)?.[1] ?? '/';
}
