import type { ServerSettings } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { HttpServer, ServeOptions } from './http-server.ts';
import { serveLean } from './lean/lean-server.ts';
import { serve } from './serve.ts';

/** The server that these settings ask for. */
export function serverFor({
  engine,
}: ServerSettings): (gateway: Gateway, options: ServeOptions) => HttpServer {
  return engine === 'lean' ? serveLean : serve;
}
