import type { Operation, SecurityScheme } from './types.ts';

/** The ways to present a credential of the gateway. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A master key of this gateway, as `Authorization: Bearer`. Without any key configured, none is needed.',
  },
  xApiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: "The same key, as Anthropic's clients send it.",
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'api-key',
    description: "The same key, as Azure's clients send it.",
  },
  googApiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-goog-api-key',
    description: "The same key, as Google's clients send it.",
  },
  metricsToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The setting `metrics.token`. Where it is not set, none is needed.',
  },
} as const satisfies Record<string, SecurityScheme>;

type Security = NonNullable<Operation['security']>;

/** A master key, in one of four headers. */
export const CLIENT_KEY: Security = [{ bearer: [] }, { xApiKey: [] }, { apiKey: [] }, { googApiKey: [] }];
/** A master key, unless the configuration lets everybody read it. */
export const CLIENT_KEY_OR_NONE: Security = [...CLIENT_KEY, {}];
export const METRICS_TOKEN_OR_NONE: Security = [{ metricsToken: [] }, {}];
