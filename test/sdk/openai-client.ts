import OpenAI, { type ClientOptions } from 'openai';
import { CLIENT_KEY, type Stage, UPSTREAM_KEY } from './stage.ts';

/** The client as its users create it, with only a base URL and a key. */
export function throughGateway(stage: Stage, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ baseURL: stage.baseUrl, apiKey: CLIENT_KEY, ...options });
}

/**
 * The client connected to the provider itself. Its answers depend only on the bytes of the request, so that the gateway's
 * answers can be compared with the provider's.
 */
export function atProvider(stage: Stage): OpenAI {
  return new OpenAI({ baseURL: `${stage.simulator.url}/v1`, apiKey: UPSTREAM_KEY });
}
