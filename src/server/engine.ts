import type { ServerSettings } from '../config/snapshot.ts';
import { serveLean } from './lean/lean-server.ts';
import { serve } from './serve.ts';

/** The server that these settings ask for. */
export function serverFor({ engine }: ServerSettings): typeof serve {
  return engine === 'lean' ? serveLean : serve;
}
