import type { Provider } from '../config/snapshot.ts';
import type { UpstreamRequest } from '../gateway/ports.ts';
import { isDated } from '../translation/targets.ts';
import { versionOf } from '../lib/api-path.ts';

/** A version segment such as `v1`, `v4` or `v1beta`. A base URL that contains one already is the API's root. */
const VERSION = /\/v\d+[a-z0-9]*(?=\/|$)/;
const LAST_VERSION = /\/v\d+[a-z0-9]*$/;

/** Azure hosts, which serve the API below `/openai`. */
const AZURE_HOST =
  /^https?:\/\/[^/]+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/i;

type Asked = Pick<UpstreamRequest, 'path' | 'search' | 'azure' | 'model'> & {
  readonly provider: Pick<Provider, 'apiBase' | 'type' | 'pathVersion'> & Partial<Pick<Provider, 'speaks'>>;
};

/**
 * Returns the provider's URL for a client's path.
 *
 * Clients may write `/v1/…` or omit `/v1`; both mean the API's root. A base that contains a version (`…/v1`,
 * `…/api/paas/v4`, `…/v1beta/openai`) is that root; for any other base the root is at `/v1`. A path with another
 * version, such as `/v2/rerank` or `/v1beta/models`, keeps it, and it replaces the version at the end of the base.
 * With `pathVersion: 'as_sent'` the path is appended to the base unchanged.
 */
export function joinUrl(asked: Asked): string {
  const { provider, path, search, azure } = asked;
  if (provider.pathVersion === 'as_sent') return `${bareOf(provider.apiBase)}${path}${search}`;
  if (azure !== undefined) return joinAzure(provider, path, { search, azure });
  if (provider.type === 'azure' && isDated(provider.speaks?.apiVersion)) return joinDated(asked);
  const root = rootOf(provider);
  const version = versionOf(path);
  if (version === undefined) return `${root.api}${path}${search}`;
  const rest = path.slice(version.length);
  if (version === '/v1' || version === root.version) return `${root.api}${rest}${search}`;
  return `${nativeBase(root.base, version)}${path}${search}`;
}

interface AzureAsked {
  readonly search: string;
  readonly azure: NonNullable<UpstreamRequest['azure']>;
}

/**
 * Joins a path that the client wrote in Azure's form. It keeps that form at an Azure provider without a version in
 * its base. Otherwise it is treated like any other path and loses `api-version`, which only Azure's older API has.
 */
function joinAzure(provider: Asked['provider'], path: string, { search, azure }: AzureAsked): string {
  const root = rootOf(provider);
  if (provider.type !== 'azure' || VERSION.test(pathOf(root.base)))
    return joinUrl({ provider, path, search: withoutApiVersion(search), azure: undefined });
  const rest = path.slice('/v1'.length);
  if (root.isDeployment) return `${root.base}${rest}${search}`;
  const prefix = root.base.endsWith('/openai') ? root.base : `${root.base}/openai`;
  const deployment =
    azure.deployment === undefined ? '' : `/deployments/${encodeURIComponent(azure.deployment)}`;
  return `${prefix}${deployment}${rest}${search}`;
}

/** Joins a path for Azure's older API, whose URL contains the deployment and the API's date. */
function joinDated({ provider, path, search, model }: Asked): string {
  const base = bareOf(provider.apiBase);
  const rest = path.slice(versionOf(path)?.length ?? 0);
  const dated = `${search}${search === '' ? '?' : '&'}api-version=${provider.speaks?.apiVersion ?? ''}`;
  const query = /[?&]api-version=/i.test(search) ? search : dated;
  if (/\/openai\/deployments\/[^/]+$/.test(base)) return `${base}${rest}${query}`;
  const root = `${base.replace(/\/openai(?:\/v1)?$/, '')}/openai`;
  if (model === undefined || !OF_DEPLOYMENT.test(rest)) return `${root}${rest}${query}`;
  return `${root}/deployments/${encodeURIComponent(model)}${rest}${query}`;
}

/** Paths that Azure's older API serves below a deployment. */
const OF_DEPLOYMENT = /^\/(?:chat\/completions|completions|embeddings|audio\/|images\/)/;

function withoutApiVersion(search: string): string {
  const parts = search.slice(1).split('&');
  const kept = parts.filter((part) => !/^api-version=/i.test(part) && part !== '');
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

interface Root {
  /** The configured base without trailing slashes. */
  readonly base: string;
  /** The root of the API's paths, version included. */
  readonly api: string;
  /** The version at the end of the base, including its slash; undefined if there is none. */
  readonly version: string | undefined;
  /** Whether the base names an Azure deployment. */
  readonly isDeployment: boolean;
}

/** Cache of parsed bases. */
const roots = new Map<string, Root>();
const MOST_ROOTS = 1_000;

/** The base has no query, since configuration rejects one. */
function rootOf({ apiBase, type }: Asked['provider']): Root {
  const isAzure = type === 'azure';
  const known = isAzure ? `azure ${apiBase}` : apiBase;
  let root = roots.get(known);
  if (root === undefined) {
    if (roots.size >= MOST_ROOTS) roots.clear();
    root = findRoot(apiBase, isAzure);
    roots.set(known, root);
  }
  return root;
}

function findRoot(apiBase: string, isAzure: boolean): Root {
  const base = bareOf(apiBase);
  const path = pathOf(base);
  const isDeployment = /\/openai\/deployments\/[^/]+$/.test(path);
  const version = LAST_VERSION.exec(path)?.[0];
  const root = { base, version, isDeployment };
  if (VERSION.test(path) || isDeployment) return { ...root, api: base };
  return { ...root, api: isAzure && AZURE_HOST.test(base) ? `${base}/openai/v1` : `${base}/v1` };
}

/**
 * Returns the root for paths of another version: the base without its trailing version, and without `/openai` after
 * the same version.
 */
function nativeBase(base: string, version: string): string {
  const compatible = `${version}/openai`;
  if (base.endsWith(compatible)) return base.slice(0, -compatible.length);
  return pathOf(base) === '' ? base : base.replace(LAST_VERSION, '');
}

function bareOf(apiBase: string): string {
  return apiBase.endsWith('/') ? apiBase.replace(/\/+$/, '') : apiBase;
}

function pathOf(base: string): string {
  const slash = base.indexOf('/', base.indexOf('://') + '://'.length);
  return slash === -1 ? '' : base.slice(slash);
}
