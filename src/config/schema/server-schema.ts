import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { providerTimeoutsSchema } from './provider-schema.ts';
import { optional, seconds, secretText } from './setting.ts';

const portNumber = () => z.int().min(0).max(65_535);

/** The gateway's address and related settings. */
export const serverSchema = z.strictObject({
  host: optional(z.string().min(1), {
    description:
      'Address to listen on. 127.0.0.1 is reached from this machine only. HOST in the environment and `--host` come first.',
    default: DEFAULTS.host,
  }),
  port: optional(portNumber(), {
    description: 'Port to listen on. PORT in the environment and `--port` come first.',
    default: DEFAULTS.port,
  }),
  tls: optional(
    z.strictObject({
      cert_file: z
        .string()
        .min(1)
        .meta({
          description: 'PEM file with the certificate chain. Read again when it changes.',
          examples: ['/etc/llm-proxy/tls.crt'],
        }),
      key_file: z
        .string()
        .min(1)
        .meta({ description: 'PEM file with the private key.', examples: ['/etc/llm-proxy/tls.key'] }),
    }),
    { description: 'Serves HTTPS instead of HTTP.' },
  ),
  cors_origins: optional(z.array(z.string().min(1)), {
    description: 'Origins whose pages may call the gateway from a browser; `*` for all. None by default.',
    default: [],
    examples: [['https://chat.example.com']],
  }),
  trusted_proxies: optional(z.array(z.string().min(1)), {
    description:
      "Addresses and CIDR ranges of the proxies in front of the gateway. X-Forwarded-For, or Forwarded where that is missing, and X-Forwarded-Proto are believed from these peers only; the address that they name is the client's in the log and for the Admin API. None by default: the client is whoever connects.",
    default: [],
    examples: [['127.0.0.1', '10.0.0.0/8', 'fd00::/8']],
  }),
  drain_delay: optional(seconds(), {
    description:
      'Seconds between the signal to stop and the end of listening. In this time /readyz answers 503 and everything else is served, so that a load balancer sees it before a connection is refused. 0: listening ends at once. LLM_PROXY_DRAIN_DELAY in the environment holds where this is left out.',
    default: DEFAULTS.drainDelaySeconds,
  }),
});

/** Timeouts, including those of the gateway itself. */
export const timeoutsSchema = providerTimeoutsSchema.extend({
  body_timeout: optional(seconds(), {
    description: 'Seconds that a client may take to send the body of its request. 0: no limit.',
    default: DEFAULTS.bodyTimeoutSeconds,
  }),
});

/** Prometheus metrics. */
export const metricsSchema = z.strictObject({
  port: optional(portNumber(), {
    description: 'A port of their own for the metrics. Left out: /metrics on the main port.',
    examples: [9100],
  }),
  token: optional(secretText().min(1), {
    description: 'Bearer token that reading the metrics needs. Left out: none.',
    examples: ['${METRICS_TOKEN}'],
    writeOnly: true,
  }),
});

/** The page about the API. */
export const docsSchema = z.strictObject({
  enabled: optional(z.boolean(), {
    description:
      'Whether /docs shows the API, to read and to try, and /openapi.json describes it. Neither needs a key; they hold nothing of the configuration.',
    default: true,
  }),
});

/** What is logged, and where. */
export const loggingSchema = z.strictObject({
  level: optional(z.enum(['debug', 'info', 'warn', 'error']), {
    description: 'The least important lines to write. LOG_LEVEL in the environment comes first.',
    default: DEFAULTS.logLevel,
  }),
  format: optional(z.enum(['text', 'json']), {
    description: '`text` for people, `json` for machines: one object per line.',
    default: DEFAULTS.logFormat,
  }),
  language: optional(z.enum(['en', 'zh']), {
    description: "Language of the lines. Left out: the environment's (LC_ALL, LC_MESSAGES, LANG).",
  }),
  general_file: optional(z.string().min(1), {
    description:
      'File for the log, in addition to the terminal. Dated (proxy.log becomes proxy_2026-01-13.log); its directory is created. Left out: only the terminal.',
    examples: ['./logs/proxy.log'],
  }),
  separate_files: optional(z.boolean(), {
    description:
      'Whether each request gets a file of its own, with its headers and bodies. The only place where prompts are written.',
    default: false,
  }),
  request_dir: optional(z.string().min(1), {
    description: 'Directory of these files.',
    default: DEFAULTS.requestDir,
  }),
  error_dir: optional(z.string().min(1), {
    description: 'Directory for a copy of those of failed requests.',
    default: DEFAULTS.errorDir,
  }),
  mask_sensitive: optional(z.boolean(), {
    description: 'Whether secrets are shown as sk-ab****cdef.',
    default: true,
  }),
  enable_metrics: optional(z.boolean(), {
    description: 'Whether each request adds a line with its times and tokens.',
    default: false,
  }),
  max_file_size_mb: optional(z.number().positive().max(1_000_000), {
    description: 'Size in MiB at which a log file is continued in a new, numbered one.',
    default: DEFAULTS.maxFileSizeMb,
  }),
  max_files: optional(z.int().min(1).max(1_000_000), {
    description: 'Log files to keep; the oldest go first. Left out: all.',
    examples: [30],
  }),
  max_days: optional(z.number().positive().max(100_000), {
    description: 'Days for which log files are kept. Left out: for ever.',
    examples: [14],
  }),
});
