/**
 * Lets a fuzzer that is guided by coverage (jsfuzz) try the parsers of HTTP/1.1 for a while.
 *
 *     bun bench/long/fuzz.ts [--minutes 30] [--corpus FOLDER]
 *
 * `bench/install portkey` installs the fuzzer. It runs on Node.js, whose own parser (llhttp) is compared with ours. Prints what the
 * fuzzer says once a minute, and exits with 1 after a crash, a hang of more than 30 seconds, or 1 GB of memory. `--corpus` keeps the
 * inputs that reach new code.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formOf } from '../../test/acceptance/front/request-forms.ts';
import { seededDice } from '../../test/simulation/seeded-dice.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { minutes: text, corpus: text } });
const minutes = Number(values.minutes ?? 30);

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-fuzz-'));
const corpus = resolve(values.corpus ?? join(folder, 'corpus'));
await mkdir(corpus, { recursive: true });
await writeSeeds(corpus);

const built = await Bun.build({
  entrypoints: [join(import.meta.dir, 'fuzz', 'target.ts')],
  target: 'node',
  format: 'cjs',
  outdir: folder,
});
if (!built.success) throw new Error(built.logs.map(({ message }) => message).join('\n'));

const jsfuzz = join(import.meta.dir, '..', 'node_modules', '.bin', 'jsfuzz');
const child = Bun.spawn(
  [jsfuzz, 'target.js', corpus, '--versifier=false', '--timeout', '30', '--rss-limit-mb', '1024'],
  {
    cwd: folder,
    stdout: 'pipe',
    stderr: 'inherit',
  },
);
let isOver = false;
const timer = setTimeout(() => {
  isOver = true;
  child.kill('SIGKILL');
}, minutes * 60_000);

let last = '';
let saidAtMs = 0;
for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
  for (const line of piece.split('\n').filter(Boolean)) {
    const isProgress = /^#\d+ (?:PULSE|NEW|READ)/.test(line);
    if (!isProgress || performance.now() - saidAtMs > 60_000) {
      console.log(line);
      saidAtMs = performance.now();
    }
    last = line;
  }
}
clearTimeout(timer);
await child.exited;
console.log(isOver ? `${minutes} minutes without a crash or a hang: ${last}` : 'the fuzzer stopped early');
if (isOver) await rm(folder, { recursive: true });
else console.log(`the input is in ${folder}`);
process.exit(isOver ? 0 : 1);

/** Requests of the comparison of both engines, and answers with each framing. */
async function writeSeeds(into: string): Promise<void> {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n';
  const answers = [
    `${head}content-length: 5\r\n\r\nhello`,
    `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx-sum: 1\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\n${head}\r\nhello`,
    'HTTP/1.1 204 No Content\r\n\r\n',
  ];
  for (const [at, answer] of answers.entries()) await Bun.write(join(into, `answer-${at}`), `\x02${answer}`);
  for (let id = 0; id < 60; id++) {
    const { bytes } = formOf(id, seededDice(id));
    const short = bytes.subarray(0, 700);
    await Bun.write(join(into, `head-${id}`), Buffer.concat([Buffer.from([0]), short]));
    await Bun.write(
      join(into, `twice-${id}`),
      Buffer.concat([Buffer.from([1]), short, Buffer.from([0]), short]),
    );
  }
}
