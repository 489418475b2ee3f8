/** The APIs that providers serve over WebSockets. */
export const WEB_SOCKET_APIS = ['realtime', 'responses'] as const;

/**
 * `realtime`: OpenAI's Realtime API, whose model is in the query (https://platform.openai.com/docs/guides/realtime).
 * `responses`: the Responses API, where each `response.create` is a request and names its model.
 */
export type WebSocketApi = (typeof WEB_SOCKET_APIS)[number];

/** Returns the API of a WebSocket with this path; undefined if the path has none. */
export function webSocketApiOf(path: string): WebSocketApi | undefined {
  switch (path) {
    case '/v1/realtime':
    case '/realtime':
      return 'realtime';
    case '/v1/responses':
    case '/responses':
      return 'responses';
    default:
      return undefined;
  }
}
