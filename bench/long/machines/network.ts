import { type Cut, DroppingProxy } from '../../../test/e2e/dropping-proxy.ts';

/** The network between three gateways, and the store, the provider and the clients that are on this machine. */
export interface Network {
  /** The address at which gateways reach the provider, and a database that is never cut off. */
  readonly host: string;
  /** The address and port at which they reach the store. */
  readonly store: { readonly host: string; readonly port: number };
  /** The address that a gateway listens on. */
  readonly addressOf: (machine: number) => string;
  /** The program and arguments that start a gateway. The gateway's own command follows them. */
  readonly launcherOf: (machine: number) => readonly string[];
  /** Called before a gateway is started. */
  readonly expect: (machine: number) => void;
  /** Cuts a gateway off from the store. */
  readonly cut: (machine: number, cut: Cut) => void;
  readonly heal: (machine: number) => void;
  readonly stop: () => void;
}

const LOCAL = '127.0.0.1';

/** Loses bytes in a proxy in front of the store. */
export function proxyNetwork(storePort: () => number): Network {
  const proxy = new DroppingProxy(storePort);
  return {
    host: LOCAL,
    store: { host: LOCAL, port: proxy.port },
    addressOf: () => LOCAL,
    launcherOf: () => [],
    expect: (machine) => proxy.expect(machine),
    cut: (machine, cut) => proxy.cut(machine, cut),
    heal: (machine) => proxy.heal(machine),
    stop: () => proxy.stop(),
  };
}

/** Addresses for tests of networks (RFC 2544), which nothing else on a machine has. */
const NET = '198.18';
/** The addresses of this machine in that network, and that of the router. */
const [HERE, STORE, ROUTER] = [`${NET}.0.1`, `${NET}.0.2`, `${NET}.0.254`];
export const NAMESPACES_NET = `${NET}.0.0/16`;
const [ROUTER_SPACE, HERE_LINK] = ['llmp-router', 'llmp-here'];
const space = (machine: number): string => `llmp-gateway-${machine}`;
const link = (machine: number): string => `llmp-gw${machine}`;
const gateway = (machine: number): string => `${NET}.${machine + 1}.2`;

/**
 * Each gateway has a network namespace of its own, behind a namespace that routes. There the packets between a gateway and the store
 * are lost, in one direction or both, so the kernels on both sides see what a partition is. Needs root and `ip`. Throws otherwise.
 */
export function namespaceNetwork(machines: number, storePort: number): Network {
  tearDown(machines);
  try {
    setUp(machines);
  } catch (error) {
    tearDown(machines);
    throw error;
  }
  return {
    host: HERE,
    store: { host: STORE, port: storePort },
    addressOf: gateway,
    launcherOf: (machine) => ['ip', 'netns', 'exec', space(machine)],
    expect: () => undefined,
    cut(machine, cut) {
      if (cut !== 'to the client') lose(gateway(machine), STORE, 'add');
      if (cut !== 'to the server') lose(STORE, gateway(machine), 'add');
    },
    heal(machine) {
      lose(gateway(machine), STORE, 'del');
      lose(STORE, gateway(machine), 'del');
    },
    stop: () => tearDown(machines),
  };
}

function setUp(machines: number): void {
  ip(`netns add ${ROUTER_SPACE}`);
  ip(`link add ${HERE_LINK} type veth peer name here netns ${ROUTER_SPACE}`);
  for (const address of [HERE, STORE]) ip(`address add ${address}/24 dev ${HERE_LINK}`);
  ip(`link set ${HERE_LINK} up`);
  const router = `-n ${ROUTER_SPACE}`;
  ip(`${router} address add ${ROUTER}/24 dev here`);
  for (const device of ['lo', 'here']) ip(`${router} link set ${device} up`);
  ip(`route add ${NAMESPACES_NET} via ${ROUTER}`);
  run(['ip', 'netns', 'exec', ROUTER_SPACE, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
  for (let machine = 0; machine < machines; machine++) {
    const [own, hop] = [`-n ${space(machine)}`, `${NET}.${machine + 1}.1`];
    ip(`netns add ${space(machine)}`);
    ip(`${router} link add ${link(machine)} type veth peer name uplink netns ${space(machine)}`);
    ip(`${router} address add ${hop}/24 dev ${link(machine)}`);
    ip(`${router} link set ${link(machine)} up`);
    ip(`${own} address add ${gateway(machine)}/24 dev uplink`);
    for (const device of ['lo', 'uplink']) ip(`${own} link set ${device} up`);
    ip(`${own} route add default via ${hop}`);
  }
}

/** A rule of the router drops what it would forward, and answers nothing. */
function lose(from: string, to: string, verb: 'add' | 'del'): void {
  const args = `-n ${ROUTER_SPACE} rule ${verb} from ${from} to ${to} blackhole`;
  if (verb === 'add') ip(args);
  else Bun.spawnSync(['ip', ...args.split(' ')]);
}

/** Links and routes go with their namespaces. */
function tearDown(machines: number): void {
  const spaces = [ROUTER_SPACE, ...Array.from({ length: machines }, (_, machine) => space(machine))];
  for (const name of spaces) Bun.spawnSync(['ip', 'netns', 'delete', name]);
  Bun.spawnSync(['ip', 'link', 'delete', HERE_LINK]);
}

function ip(args: string): void {
  run(['ip', ...args.split(' ')]);
}

function run(command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString().trim()}`);
}

/** Whether this process may make network namespaces; else why not. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'this user is not root';
  if (Bun.which('ip') === null) return 'there is no program ip';
  const { exitCode, stderr } = Bun.spawnSync(['ip', 'netns', 'add', 'llmp-probe']);
  if (exitCode !== 0) return stderr.toString().trim();
  Bun.spawnSync(['ip', 'netns', 'delete', 'llmp-probe']);
  return undefined;
}
