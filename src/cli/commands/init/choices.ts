import { randomBytes } from 'node:crypto';
import { UsageError, type ValuesOf } from '../../command.ts';
import type { initDeclaration } from './declaration.ts';
import type { Choices, ProviderKey } from './first-config.ts';
import { PROVIDER_KINDS, type ProviderKind } from './provider-kinds.ts';

export type InitValues = ValuesOf<typeof initDeclaration>;
type Environment = Readonly<Record<string, string | undefined>>;

/** The decisions on the command line, with defaults for the others. Throws `UsageError` if too few are given. */
export function readChoices(values: InitValues, env: Environment): Choices {
  const { provider } = values;
  if (provider === undefined)
    throw new UsageError('--provider is missing, and there is no terminal to ask on.');
  const kind: ProviderKind = PROVIDER_KINDS[provider];
  const apiBase = values['api-base'] ?? kind.apiBase;
  if (apiBase === undefined) {
    throw new UsageError(`--api-base is missing: the address of the API, such as ${kind.apiBaseExample}`);
  }
  return {
    provider,
    apiBase,
    key: readProviderKey(values, kind, env),
    masterKey: readMasterKey(values),
    model: values.model ?? kind.model,
  };
}

/** The key for clients: the one from the command line, or a random one. */
export function readMasterKey({ 'master-key': given }: InitValues): string {
  if (given === undefined) return `sk-${randomBytes(32).toString('base64url')}`;
  if (!/^[\x21-\x7e]+$/.test(given)) {
    throw new UsageError(
      '--master-key must be printable ASCII without spaces: it travels in an HTTP header.',
    );
  }
  return given;
}

/** The place of the provider's key: from the command line, or the usual one. */
export function readProviderKey(
  { 'api-key-env': named, 'write-key': isWritten }: InitValues,
  { keyVariable }: ProviderKind,
  env: Environment,
): ProviderKey {
  const variable = named ?? keyVariable;
  if (variable === undefined) {
    if (isWritten) throw new UsageError('--write-key needs --api-key-env, the variable that holds the key.');
    return { kind: 'none' };
  }
  const fault = findVariableFault(variable);
  if (fault !== undefined) throw new UsageError(`--api-key-env: ${fault}`);
  if (!isWritten) return { kind: 'variable', name: variable };
  const secret = env[variable]?.trim();
  if (!secret) throw new UsageError(`--write-key: the variable ${variable} is not set.`);
  return { kind: 'written', secret };
}

/** Why a text cannot be the name of a variable. The message does not repeat the text, which may be the key itself. */
export function findVariableFault(name: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? undefined
    : 'this is not the name of a variable, such as OPENAI_API_KEY. Do not put the key itself here.';
}
