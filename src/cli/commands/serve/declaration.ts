import { FILE, PORT, TEXT, WORKERS } from '../../kinds.ts';

export const serveDeclaration = {
  name: 'serve',
  summary: 'Start the gateway (the default)',
  group: 'gateway',
  description: [
    'Starts the gateway. Without a configuration file it starts a demo: two simulated providers, on a loopback address only, and nothing leaves the machine.',
    'Changes to the file take effect within a second; SIGHUP reloads it at once. On SIGTERM or SIGINT, requests in flight may finish for up to drain_timeout seconds; a second signal ends them. With server.drain_delay, /readyz answers 503 for that time before the gateway stops listening.',
    'With DB_URL the configuration is in that database instead, and the Admin API changes it.',
  ],
  options: {
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration',
      env: 'CONFIG_PATH',
      otherwise: 'config.yaml, if there is one',
    },
    host: {
      value: 'HOST',
      kind: TEXT,
      description: 'address to listen on',
      otherwise: '$HOST, or the configuration',
    },
    port: {
      value: 'PORT',
      kind: PORT,
      description: 'port to listen on; 0: any free port',
      otherwise: '$PORT, or the configuration',
    },
    workers: {
      value: 'N',
      kind: WORKERS,
      description: 'number of processes, or "auto" for one per processor; Linux only',
      otherwise: '$LLM_PROXY_WORKERS, or the configuration',
    },
    'data-dir': {
      value: 'FOLDER',
      kind: FILE,
      description: 'the parent folder of the journal and the ledger of limits',
      env: 'LLM_PROXY_DATA_DIR',
      otherwise: 'the working directory',
    },
    'no-migrate': {
      description: "with DB_URL: don't apply pending migrations, but refuse to start without them",
    },
  },
  environment: {
    LLM_PROXY_DRAIN_DELAY:
      'seconds for which /readyz answers 503 before listening stops, if the configuration has no server.drain_delay',
    LLM_PROXY_ADDRESS_FILE:
      'a file that receives the address while the gateway listens, such as http://0.0.0.0:18000',
    LLM_PROXY_CONTAINER_HOST:
      'address to listen on if the configuration names a loopback address or 0.0.0.0; the image sets it',
    LOG_LEVEL: 'debug, info, warn or error; overrides the configuration',
    DB_URL: 'the database with the configuration: postgres://… or sqlite://FILE',
    REQUEST_RETENTION_DAYS: 'days for which the records of requests are kept; 0: none (default: 30)',
    SPEND_RETENTION_DAYS: 'days for which the sums for spending reports are kept (default: 400)',
    ADMIN_KEY: 'enables the Admin API, which is read-only for the configuration without DB_URL',
    DB_URL_FILE: 'a file that contains DB_URL; likewise ADMIN_KEY_FILE and SECRET_KEY_FILE',
  },
  examples: [
    { line: 'llm-proxy', does: 'serves config.yaml, or the demo' },
    { line: 'llm-proxy --config prod.yaml --port 8080', does: 'serves another file on another port' },
  ],
  exits: {
    0: 'stopped by a signal after the requests in flight were answered',
    1: 'it could not start; the reason is on standard error',
    130: 'stopped by a second signal without waiting for the requests in flight',
  },
} as const;
