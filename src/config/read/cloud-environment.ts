import { providerNature } from '../compile/provider-nature.ts';
import type { CloudCredential } from '../snapshot.ts';
import type { Environment } from './environment.ts';
import type { ProviderSettings } from './settings.ts';

/** A provider with what AWS's own variables say of Bedrock, where the configuration says nothing. */
export function withCloudEnvironment(provider: ProviderSettings, env: Environment): ProviderSettings {
  if (providerNature(provider).type !== 'bedrock') return provider;
  const region = provider.region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined);
  if (provider.apiKey !== undefined || provider.credential !== undefined) return { ...provider, region };
  const credential = awsCredential(env);
  const apiKey = credential === undefined ? env['AWS_BEARER_TOKEN_BEDROCK'] || undefined : undefined;
  return { ...provider, region, credential, apiKey };
}

function awsCredential(env: Environment): CloudCredential | undefined {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { kind: 'aws', accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined };
}
