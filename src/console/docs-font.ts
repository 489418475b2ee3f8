import { openConsoleFiles } from './console-files.ts';

/** The font of the console as it is built; undefined: it is not built yet. */
export async function docsFont(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const files = openConsoleFiles();
  const list = await (await files.find('files.json'))?.bytes('identity');
  const names = list === undefined ? [] : (JSON.parse(new TextDecoder().decode(list)) as string[]);
  const name = names.find((one) => one.startsWith('assets/inter-') && one.endsWith('.woff2'));
  return name === undefined ? undefined : (await files.find(name))?.bytes('identity');
}
