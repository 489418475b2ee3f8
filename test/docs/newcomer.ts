import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { copyCheckout } from './checkout.ts';
import { createDisguise } from './disguise.ts';
import type { Block } from './markdown.ts';
import { type ProcessGroup, startScript } from './process-group.ts';

/** A reader who follows a page, block after block, in a fresh checkout. */
export interface Newcomer {
  /** Runs the commands of a block, or writes its file. Resolves to the output. Rejects on a failure. */
  readonly follow: (block: Block) => Promise<string>;
  /** Runs a command that must succeed. */
  readonly run: (command: string, place: string) => Promise<string>;
  /** Ends everything that was started, and removes the folder. */
  readonly stop: () => Promise<void>;
}

interface Running extends ProcessGroup {
  /** The ports that the page names. */
  readonly ports: readonly number[];
}

/** Generous, because a slow machine is not the page's fault. */
const LIMIT_MS = 100_000;

/** The beginning of each command: the reader's variables, and a curl that fails on an HTTP error. */
const BEGIN = `. ./.terminal 2>/dev/null || true
curl() { case " $* " in *" --fail "*) command curl "$@" ;; *) command curl --fail-with-body "$@" ;; esac; }
set -euo pipefail
`;

/** Keeps the variables of a finished command for the next one. */
const KEEP = "trap 'status=$?; export -p >.terminal; exit $status' EXIT\n";

/** `databaseUrl` stands for the databases that a page names. */
export async function startNewcomer(databaseUrl?: string): Promise<Newcomer> {
  const [folder, simulator] = await Promise.all([copyCheckout(), startSimulator()]);
  const disguise = createDisguise({ providerUrl: simulator.url, databaseUrl });
  const running: Running[] = [];

  function start(script: string, ports: readonly number[] = []): Running {
    const path = join(folder, `.step-${running.length}`);
    const defaultPort = `export PORT=${disguise.port(ports[0] ?? 18_000)}\n`;
    const group = startScript(BEGIN + defaultPort + script, folder, path);
    const output = (): Promise<string> => group.output().then(disguise.take);
    const started = { ...group, output, ports };
    running.push(started);
    return started;
  }

  async function runToEnd(script: string, place: string, wanted = 0): Promise<string> {
    const { exited, output } = start(KEEP + script);
    const status = await Promise.race([exited, Bun.sleep(LIMIT_MS).then(() => 'none in time')]);
    const printed = await output();
    if (status !== wanted) throw new Error(`${place}: exit code ${status}, not ${wanted}\n${printed}`);
    return printed;
  }

  /** Starts a long-running command of a page. In the foreground it replaces the running one, which gets Ctrl-C first. */
  async function startServers(
    script: string,
    { place, notes }: Block,
    ports: readonly number[],
  ): Promise<string> {
    const former = running.filter((other) => other.ports.some((port) => ports.includes(port)));
    if (!isInBackground(script)) await Promise.all(former.map(({ end }) => end()));
    const { exited, output } = start(script, ports);
    let status = 0;
    void exited.then((code) => (status = code));
    // Until such a script has ended, the answer may come from a process that the script is about to stop.
    if (isInBackground(script)) await exited;
    const isUp = async (): Promise<boolean> => {
      if (status !== 0) throw new Error(`${place}: exit code ${status}\n${await output()}`);
      if (!(await Promise.all(ports.map((port) => answers(disguise.port(port))))).every(Boolean))
        return false;
      const printed = await output();
      return (notes.get('prints') ?? []).every((text) => printed.includes(text));
    };
    for (const limit = performance.now() + LIMIT_MS; !(await isUp()); await Bun.sleep(20)) {
      if (performance.now() > limit) throw new Error(`${place}: it is not up\n${await output()}`);
    }
    return output();
  }

  return {
    run: (command, place) => runToEnd(disguise.put(command), place),
    async follow(block) {
      const { place, text, notes } = block;
      const script = disguise.put(text);
      const [file] = notes.get('file') ?? [];
      if (file !== undefined) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), script);
        return '';
      }
      const [ports] = notes.get('stays running') ?? [];
      if (ports === undefined) return runToEnd(script, place, Number(notes.get('exits')?.[0] ?? 0));
      const [before, last] = splitOffLast(script);
      if (before !== '') await runToEnd(before, place);
      return startServers(last, block, ports.split(' ').map(Number));
    },
    async stop() {
      for (const { kill } of running) kill();
      await Promise.all(running.map(({ exited }) => exited));
      await Promise.all([simulator.stop(), rm(folder, { recursive: true, force: true })]);
    },
  };
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/v1/models`, { keepalive: false }).then(
    () => true,
    () => false,
  );
}

/** Whether the last line starts a background process: `program &`, `program & echo $! >file`. */
function isInBackground(script: string): boolean {
  return /(?<![&>])&(?![&>])/.test(script.trimEnd().split('\n').at(-1) ?? '');
}

/** Separates a block's last command from those before it, unless it runs in the background as they may. */
function splitOffLast(script: string): [string, string] {
  const lines = script.trimEnd().split('\n');
  return isInBackground(script) ? ['', script] : [lines.slice(0, -1).join('\n'), lines.at(-1) ?? ''];
}
