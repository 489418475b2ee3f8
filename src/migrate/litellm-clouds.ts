import { readBaseUrl } from '../config/compile/base-url.ts';
import type { JsonObject } from '../store/revision.ts';
import { NotUnderstood, textOf, type Variables } from './litellm-params.ts';

/** A provider of a cloud, as far as an entry of LiteLLM names it. */
export interface CloudProvider {
  /** Its fields but for `api_key`, headers and timeouts. */
  readonly provider: JsonObject;
  /** The parameters that were read. */
  readonly params: readonly string[];
  /** Whether one of the fields is a credential. */
  readonly hasCredential: boolean;
}

type Read = (params: JsonObject, env: Variables) => CloudProvider;

/** Reads what LiteLLM's cloud vendors need besides a model. Throws `NotUnderstood` for what LiteLLM would look up elsewhere. */
export const CLOUDS: ReadonlyMap<string, Read> = new Map([
  ['azure', readAzure],
  ['bedrock', readBedrock],
  ['vertex_ai', readVertex],
]);

function readAzure(params: JsonObject, env: Variables): CloudProvider {
  const base = textOf(params, 'api_base', env) ?? textOf(params, 'base_url', env);
  if (base === undefined) throw needs('azure', 'api_base');
  const read = readBaseUrl(base);
  if (read.kind === 'invalid') throw new NotUnderstood('api_base', read.message);
  const version = textOf(params, 'api_version', env);
  return {
    provider: {
      api_base: base,
      provider_type: 'azure',
      ...(version !== undefined && { api_version: version }),
    },
    params: ['api_version'],
    hasCredential: false,
  };
}

const AWS = ['aws_region_name', 'aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'];

function readBedrock(params: JsonObject, env: Variables): CloudProvider {
  refuseOthers(params, 'aws_', AWS);
  const region = textOf(params, 'aws_region_name', env);
  if (region === undefined) throw needs('bedrock', 'aws_region_name');
  const id = textOf(params, 'aws_access_key_id', env);
  const secret = textOf(params, 'aws_secret_access_key', env);
  const session = textOf(params, 'aws_session_token', env);
  const aws = id !== undefined && secret !== undefined && { access_key_id: id, secret_access_key: secret };
  return {
    provider: {
      provider_type: 'bedrock',
      region,
      ...(aws !== false && { aws: { ...aws, ...(session !== undefined && { session_token: session }) } }),
    },
    params: AWS,
    // Without one, the variables of AWS are read here too.
    hasCredential: true,
  };
}

const VERTEX = ['vertex_project', 'vertex_location', 'vertex_credentials'];

function readVertex(params: JsonObject, env: Variables): CloudProvider {
  refuseOthers(params, 'vertex_', VERTEX);
  const project = textOf(params, 'vertex_project', env);
  const location = textOf(params, 'vertex_location', env);
  if (project === undefined) throw needs('vertex_ai', 'vertex_project');
  if (location === undefined) throw needs('vertex_ai', 'vertex_location');
  const key = textOf(params, 'vertex_credentials', env);
  return {
    provider: {
      provider_type: 'vertex',
      project,
      location,
      ...(key !== undefined && {
        service_account: key.trimStart().startsWith('{') ? { json: key } : { file: key },
      }),
    },
    params: VERTEX,
    hasCredential: key !== undefined,
  };
}

/** Other parameters of a cloud choose an account or an address. */
function refuseOthers(params: JsonObject, begin: string, known: readonly string[]): void {
  const other = Object.keys(params).find((name) => name.startsWith(begin) && !known.includes(name));
  if (other !== undefined)
    throw new NotUnderstood(other, 'has no counterpart here, and decides who is called');
}

function needs(vendor: string, param: string): NotUnderstood {
  return new NotUnderstood('', `providers of the kind "${vendor}" need ${param}, which is not given`);
}
