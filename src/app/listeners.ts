import type { Gateway } from '../gateway/ports.ts';
import { serverFor } from '../server/engine.ts';
import type { HttpServer, ServeOptions } from '../server/http-server.ts';
import { serve } from '../server/serve.ts';

/**
 * Starts listening. With `admin.port`, the Admin API and the console have a listener of their own, which ends with the
 * main one. Throws the errors of listening.
 */
export function openListeners(gateway: Gateway, options: ServeOptions): HttpServer {
  const { server: settings, console } = gateway.snapshot();
  const { adminPort } = console;
  const serveMain = serverFor(settings);
  if (adminPort === undefined || options.admin === undefined) return serveMain(gateway, options);
  const main = serveMain(gateway, { ...options, part: 'api' });
  return joined(main, openAdmin(gateway, { ...options, port: adminPort, metrics: undefined, part: 'admin' }));
}

function openAdmin(gateway: Gateway, options: ServeOptions): HttpServer {
  try {
    return serve(gateway, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`admin.port ${options.port}: ${reason}`, { cause: error });
  }
}

function joined(main: HttpServer, admin: HttpServer): HttpServer {
  const both = (act: (server: HttpServer) => void) => (): void => [main, admin].forEach(act);
  return {
    url: main.url,
    port: main.port,
    adminUrl: admin.url,
    pending: () => main.pending() + admin.pending(),
    recheck: both((server) => server.recheck()),
    announce: both((server) => server.announce()),
    drain: async (unusedMs) => void (await Promise.all([main.drain(unusedMs), admin.drain(unusedMs)])),
    stop: async () => void (await Promise.all([main.stop(), admin.stop()])),
  };
}
