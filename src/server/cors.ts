/** The origin of a request, if the configuration allows browsers of that origin; undefined otherwise. */
export function allowedOrigin(headers: Headers, origins: readonly string[]): string | undefined {
  if (origins.length === 0) return undefined;
  const origin = headers.get('origin');
  return origin !== null && (origins.includes('*') || origins.includes(origin)) ? origin : undefined;
}

/** The response to a preflight request (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export function preflight(headers: Headers, origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers': headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '600',
      vary: 'origin',
    },
  });
}

/** Makes a response readable by scripts of the origin. */
export function withCors(response: Response, origin: string): Response {
  response.headers.set('access-control-allow-origin', origin);
  response.headers.set('access-control-expose-headers', '*');
  response.headers.append('vary', 'origin');
  return response;
}
