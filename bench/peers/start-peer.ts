import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chatBody, CHAT_PATH, requestHeaders } from '../load/request.ts';
import { stopProcess } from '../measure/pinned.ts';
import type { Peer, Place, RunningPeer } from './peer.ts';

const PATIENCE_MS = 120_000;

let started = 0;

/** Starts a proxy in a new folder and waits until it has answered a chat request. */
export async function startPeer(
  peer: Peer,
  { upstreamPort, folder }: Pick<Place, 'upstreamPort' | 'folder'>,
): Promise<RunningPeer> {
  const own = join(folder, `peer-${++started}`);
  await mkdir(own);
  const port = freePort();
  const startedAtMs = performance.now();
  const { child, headers = {} } = await peer.launch({ upstreamPort, port, folder: own });
  const target = { name: peer.name, port: child === undefined ? upstreamPort : port, headers };
  const stop = async (): Promise<void> => {
    if (child !== undefined) await stopProcess(child);
  };
  while (!(await askOnce(target))) {
    const hasEnded = child !== undefined && child.exitCode !== null;
    if (hasEnded || performance.now() - startedAtMs > PATIENCE_MS) {
      await stop();
      throw new Error(hasEnded ? 'it ended before it answered' : 'it did not answer within two minutes');
    }
    await Bun.sleep(2);
  }
  return { ...target, pid: child?.pid, startMs: performance.now() - startedAtMs, stop };
}

/** Whether a small chat request is answered with 200 and with the provider's text. */
async function askOnce({ port, headers }: Pick<RunningPeer, 'port' | 'headers'>): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${CHAT_PATH}`, {
      method: 'POST',
      body: chatBody(60),
      headers: requestHeaders(headers),
      keepalive: false,
    });
    return (await response.text()).includes('How can I help you') && response.status === 200;
  } catch {
    return false;
  }
}

function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
