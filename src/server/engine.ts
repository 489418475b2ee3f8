import type { ServerSettings } from '../config/snapshot.ts';
import { serveLean } from './lean/lean-server.ts';
import { serve } from './serve.ts';

/** The server that these settings ask for. A server of our own cannot replace its certificate while it runs. */
export function serverFor({ engine, tls }: ServerSettings): typeof serve {
  return engine === 'lean' && tls === undefined ? serveLean : serve;
}
