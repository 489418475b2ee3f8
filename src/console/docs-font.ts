import { openConsoleFiles } from './console-files.ts';

/** The font of the console as it is built; undefined: it is not built yet. */
export async function docsFont(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const files = openConsoleFiles();
  const page = await files.page();
  const sheet = /assets\/console-\w+\.css/.exec(page ?? '')?.[0];
  const css = sheet === undefined ? undefined : await (await files.find(sheet))?.bytes('identity');
  const name = css && /inter-[\w-]+\.woff2/.exec(new TextDecoder().decode(css))?.[0];
  return name === undefined ? undefined : (await files.find(`assets/${name}`))?.bytes('identity');
}
