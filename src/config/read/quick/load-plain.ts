import { compileFile } from '../compile-file.ts';
import { expandEnvironment } from '../environment.ts';
import type { LoadContext, LoadResult } from '../load-result.ts';
import { readKeyFiles } from '../service-account.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { takeShape } from './take-shape.ts';

/**
 * Loads a configuration that is written as most are and has no fault; undefined: `compileText` has to load it, or say
 * what is wrong.
 */
export function loadPlain(text: string, context: LoadContext): LoadResult | undefined {
  const value = readPlainYaml(text);
  if (value === undefined) return undefined;
  const expansion = readKeyFiles(expandEnvironment(value, context), context);
  const file = expansion.findings.length === 0 ? takeShape(expansion.value) : undefined;
  if (file === undefined) return undefined;
  const { findings, problems, snapshot } = compileFile(file, context);
  if (snapshot === undefined || findings.length > 0 || problems.length > 0) return undefined;
  return { kind: 'loaded', snapshot, text, file, files: expansion.files };
}
