import OpenAI, { type ClientOptions } from 'openai';
import { CLIENT_KEY, type Stage, UPSTREAM_KEY } from './stage.ts';

/** The client as its users make it: nothing but a base URL and a key. */
export function throughGateway(stage: Stage, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ baseURL: stage.baseUrl, apiKey: CLIENT_KEY, ...options });
}

/**
 * The client at the provider itself. Its answers depend on the bytes of the request alone, so that what the gateway
 * gives back can be compared with what the provider gave.
 */
export function atProvider(stage: Stage): OpenAI {
  return new OpenAI({ baseURL: `${stage.simulator.url}/v1`, apiKey: UPSTREAM_KEY });
}
