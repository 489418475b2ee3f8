import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { providerTimeoutsSchema } from './provider-schema.ts';
import { flag, optional, seconds, secretText, text } from './setting.ts';

const portNumber = () => z.int().min(0).max(65_535);

/** The gateway's address and related settings. */
export const serverSchema = z.strictObject({
  host: optional(text(), {
    description:
      'Address to listen on. 127.0.0.1 is reachable from this machine only. The environment variable HOST and `--host` override it.',
    default: DEFAULTS.host,
  }),
  port: optional(portNumber(), {
    description: 'Port to listen on. The environment variable PORT and `--port` override it.',
    default: DEFAULTS.port,
  }),
  engine: optional(z.enum(['lean', 'runtime']), {
    description:
      "The HTTP server for client connections. `lean`: a server built into the gateway, which uses less CPU time for plain requests and passes all others to Bun's server. `runtime`: Bun's server alone. Changes take effect after a restart.",
    default: DEFAULTS.serverEngine,
  }),
  tls: optional(
    z.strictObject({
      cert_file: z
        .string()
        .min(1)
        .meta({
          description: 'PEM file with the certificate chain. Reloaded when it changes.',
          examples: ['/etc/llm-proxy/tls.crt'],
        }),
      key_file: z
        .string()
        .min(1)
        .meta({ description: 'PEM file with the private key.', examples: ['/etc/llm-proxy/tls.key'] }),
    }),
    { description: 'Serves HTTPS instead of HTTP.' },
  ),
  cors_origins: optional(z.array(text()), {
    description: 'Origins whose pages may call the gateway from a browser; `*` allows all. None by default.',
    default: [],
    examples: [['https://chat.example.com']],
  }),
  trusted_proxies: optional(z.array(text()), {
    description:
      "Addresses and CIDR ranges of the proxies in front of the gateway. X-Forwarded-For (or Forwarded if it is missing) and X-Forwarded-Proto are trusted from these peers only; the address in them is the client's for the log and the Admin API. None by default: the client is the peer that connects.",
    default: [],
    examples: [['127.0.0.1', '10.0.0.0/8', 'fd00::/8']],
  }),
  max_websockets: optional(z.int().min(0).max(1_000_000), {
    description:
      'Maximum number of open WebSocket connections in all workers together. Further ones are refused with 429. 0: none.',
    default: DEFAULTS.maxWebSockets,
  }),
  max_websockets_per_key: optional(z.int().min(0).max(1_000_000), {
    description: 'Maximum number of open WebSocket connections for each master key.',
    default: DEFAULTS.maxWebSocketsPerKey,
  }),
  drain_delay: optional(seconds(), {
    description:
      'Seconds for which the gateway keeps listening after the signal to stop. During this time /readyz answers 503 and all other requests are served, so that load balancers notice before a connection is refused. 0: listening ends at once. If omitted, the environment variable LLM_PROXY_DRAIN_DELAY applies.',
    default: DEFAULTS.drainDelaySeconds,
  }),
});

/** Timeouts, including those of the gateway itself. */
export const timeoutsSchema = providerTimeoutsSchema.extend({
  body_timeout: optional(seconds(), {
    description: 'Seconds that a client may take to send the body of its request. 0: no limit.',
    default: DEFAULTS.bodyTimeoutSeconds,
  }),
  unread_timeout: optional(seconds(), {
    description:
      'Seconds that a client may leave an answer unread that is ready to be sent. Its connection is then closed and its request counts as abandoned. 0: no limit. Ignored with `engine: runtime`.',
    default: DEFAULTS.unreadTimeoutSeconds,
  }),
});

/** Prometheus metrics. */
export const metricsSchema = z.strictObject({
  port: optional(portNumber(), {
    description: 'A separate port for the metrics. Default: /metrics on the main port.',
    examples: [9100],
  }),
  token: optional(secretText().min(1), {
    description: 'Bearer token required to read the metrics. Default: none.',
    examples: ['${METRICS_TOKEN}'],
    writeOnly: true,
  }),
});

/** The page about the API. */
export const docsSchema = z.strictObject({
  enabled: optional(flag(), {
    description:
      'Whether /docs and /openapi.json are served: a page to read about and try the API, and its description. Neither needs a key, and neither reveals the configuration.',
    default: true,
  }),
});

/** Any path that no other endpoint of the gateway begins with. */
const CONSOLE_PATH =
  /^(?!\/(?:v1|v1beta|api|admin|docs|healthz?|readyz|metrics|models|openapi\.json|favicon\.ico)(?:\/|$))(?:\/[A-Za-z0-9._~-]+)+$/;

/** A page of a tracing tool. */
const TRACE_URL = /^https?:\/\/[^\s{]+\{trace_id\}[^\s{]*$/;

/** The page on which operators see and change what the gateway does. */
export const consoleSchema = z.strictObject({
  enabled: optional(flag(), {
    description:
      'Whether the console is served: a page to monitor and configure the gateway. It shows nothing without a sign-in. It is available only if the Admin API is.',
    default: true,
  }),
  path: optional(
    z.string().regex(CONSOLE_PATH, {
      error: 'must be a path of its own such as "/console", without a slash at the end',
    }),
    {
      description: 'Path of the console.',
      default: DEFAULTS.consolePath,
    },
  ),
  trace_url: optional(
    z.string().regex(TRACE_URL, { error: 'must be an http or https URL that contains {trace_id}' }),
    {
      description:
        'Address of a trace in your tracing tool, for the link of a request. `{trace_id}` is replaced. Default: no link.',
      examples: ['https://jaeger.example.com/trace/{trace_id}'],
    },
  ),
});

/** The listener of the Admin API. */
export const adminSchema = z.strictObject({
  port: optional(portNumber(), {
    description:
      'A separate port for the Admin API and the console. The main port then serves neither. Default: both are on the main port. Changes take effect after a restart.',
    examples: [9200],
  }),
});

/** The log: its level, format and destinations. */
export const loggingSchema = z.strictObject({
  level: optional(z.enum(['debug', 'info', 'warn', 'error']), {
    description: 'The lowest level to log. The environment variable LOG_LEVEL overrides it.',
    default: DEFAULTS.logLevel,
  }),
  format: optional(z.enum(['text', 'json']), {
    description: '`text` for people, or `json` for machines, with one object per line.',
    default: DEFAULTS.logFormat,
  }),
  language: optional(z.enum(['en', 'zh']), {
    description: 'Language of the log. Default: the language of the environment (LC_ALL, LC_MESSAGES, LANG).',
  }),
  general_file: optional(text(), {
    description:
      'File for the log, in addition to the terminal. Its name includes the date (proxy.log becomes proxy_2026-01-13.log). The directory is created if needed. Default: the terminal only.',
    examples: ['./logs/proxy.log'],
  }),
  separate_files: optional(flag(), {
    description:
      'Whether each request is logged to a file of its own, with its headers and bodies. This is the only place where prompts are written.',
    default: false,
  }),
  request_dir: optional(text(), {
    description: 'Directory of these files.',
    default: DEFAULTS.requestDir,
  }),
  error_dir: optional(text(), {
    description: 'Directory for copies of the files of failed requests.',
    default: DEFAULTS.errorDir,
  }),
  mask_sensitive: optional(flag(), {
    description: 'Whether secrets are shown as sk-ab****cdef.',
    default: true,
  }),
  enable_metrics: optional(flag(), {
    description: 'Whether to log an extra line per request with its durations and tokens.',
    default: false,
  }),
  max_file_size_mb: optional(z.number().positive().max(1_000_000), {
    description: 'Size in MiB at which the log continues in a new, numbered file.',
    default: DEFAULTS.maxFileSizeMb,
  }),
  max_files: optional(z.int().min(1).max(1_000_000), {
    description: 'Number of log files to keep. The oldest are deleted first. Default: all.',
    examples: [30],
  }),
  max_days: optional(z.number().positive().max(100_000), {
    description: 'Days for which log files are kept. Default: forever.',
    examples: [14],
  }),
});
