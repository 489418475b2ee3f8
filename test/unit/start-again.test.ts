import { expect, test } from 'bun:test';
import { join } from 'node:path';

const START_AGAIN = join(import.meta.dir, '..', '..', 'src', 'start-again.ts');

/** The output and the exit code of a program that may call `runChild`. */
async function run(code: string): Promise<string> {
  const child = Bun.spawn([process.execPath, '-e', `import { runChild } from '${START_AGAIN}';\n${code}`], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  return `${text.trim()} ${await child.exited}`;
}

test('a child has the environment that it is given, prints where its parent prints, and tells how it ended', async () => {
  const command = `['sh', '-c', 'echo "$WORD"; exit 7']`;
  const code = `process.exit(await runChild(${command}, { ...process.env, WORD: 'given' }));`;
  expect(await run(code)).toBe('given 7');
});

test('Ctrl-C is for the child to answer: its parent waits for it', async () => {
  const command = `['sh', '-c', 'kill -INT $PPID; sleep 0.2; echo done; exit 3']`;
  expect(await run(`process.exit(await runChild(${command}, process.env));`)).toBe('done 3');
});
