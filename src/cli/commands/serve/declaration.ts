import { FILE, PORT, TEXT, WORKERS } from '../../kinds.ts';

export const serveDeclaration = {
  name: 'serve',
  summary: 'Start the gateway (the default)',
  group: 'gateway',
  description: [
    'Starts the gateway. Without a configuration file it starts a demo: two simulated providers, on a loopback address only, and nothing leaves the machine.',
    'A change of the file takes effect within a second, and SIGHUP forces it. SIGTERM and SIGINT let requests in flight finish, for drain_timeout seconds at most; a second one ends them. With server.drain_delay /readyz says 503 for that time before listening ends.',
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
      otherwise: '$HOST, else as the configuration says',
    },
    port: {
      value: 'PORT',
      kind: PORT,
      description: 'port to listen on; 0: a free one',
      otherwise: '$PORT, else as the configuration says',
    },
    workers: {
      value: 'N',
      kind: WORKERS,
      description: 'processes that serve, or "auto": one for each processor; Linux only',
      otherwise: '$LLM_PROXY_WORKERS, else as the configuration says',
    },
    'no-migrate': {
      description: "with DB_URL: don't make pending migrations, refuse to start without them",
    },
  },
  environment: {
    LLM_PROXY_DRAIN_DELAY:
      'seconds in which /readyz says 503 before listening ends, where the configuration has no server.drain_delay',
    LLM_PROXY_ADDRESS_FILE: 'a file to write the address to while it listens, such as http://0.0.0.0:18000',
    LLM_PROXY_CONTAINER_HOST:
      'address to listen on where the configuration names a loopback address or 0.0.0.0; the image sets it',
    LOG_LEVEL: 'debug, info, warn or error; comes before the configuration',
    DB_URL: 'the database with the configuration: postgres://… or sqlite://FILE',
    ADMIN_KEY: 'with DB_URL: opens the Admin API',
    DB_URL_FILE: 'a file that holds DB_URL, instead; ADMIN_KEY_FILE and SECRET_KEY_FILE likewise',
  },
  examples: [
    { line: 'llm-proxy', does: 'serves config.yaml, or the demo' },
    { line: 'llm-proxy --config prod.yaml --port 8080', does: 'serves another file on another port' },
  ],
  exits: {
    0: 'a signal came, and the requests in flight were answered',
    1: 'it could not start; the reason is on standard error',
    130: 'a second signal came: the requests in flight were not waited for',
  },
} as const;
