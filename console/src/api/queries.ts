import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { admin, type Query } from './client.ts';
import type {
  Nodes,
  Recorded,
  Overview,
  ProviderStatus,
  RequestDetail,
  RequestRow,
  Route,
  Series,
} from './types.ts';
import type { DemoState, MasterKey, Model, Provider } from './resources.ts';

/** How long the gateway takes at most to store a request that ended, with some to spare. */
const STORED_AFTER_MS = 2000;

interface Listed {
  readonly version: number;
  readonly total: number;
  readonly next_cursor: string | null;
}

export function listModels() {
  return queryOptions({
    queryKey: ['models'],
    queryFn: ({ signal }) => admin<Listed & { readonly models: readonly Model[] }>('/models', { signal }),
  });
}

export function listProviders() {
  return queryOptions({
    queryKey: ['providers'],
    queryFn: ({ signal }) =>
      admin<Listed & { readonly providers: readonly Provider[] }>('/providers', { signal }),
  });
}

/** The first page of keys whose name contains a text. */
export function listKeys(search: string) {
  return queryOptions({
    queryKey: ['keys', 'search', search],
    queryFn: ({ signal }) =>
      admin<Listed & { readonly master_keys: readonly MasterKey[] }>('/master-keys', {
        query: { search, limit: 50 },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
}

export function listRoutes() {
  return queryOptions({
    queryKey: ['routes'],
    queryFn: ({ signal }) => admin<{ readonly routes: readonly Route[] }>('/routes', { signal }),
    refetchInterval: 10_000,
  });
}

export function listProviderStates() {
  return queryOptions({
    queryKey: ['provider-states'],
    queryFn: ({ signal }) =>
      admin<{ readonly providers: readonly ProviderStatus[] }>('/provider-states', { signal }),
    refetchInterval: 15_000,
  });
}

/** The requests that ended in the seconds before a time just now. Asked for twice, since the last ones are not stored at once. */
export function readEarlier(seconds: number, until: string) {
  return queryOptions({
    queryKey: ['earlier', seconds, until],
    queryFn: async ({ signal }) => {
      const since = new Date(Date.parse(until) - seconds * 1000).toISOString();
      const query = { since, until, limit: 1000 };
      const { requests } = await admin<{ requests: readonly RequestRow[] }>('/requests', { query, signal });
      return requests;
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => state.dataUpdateCount < 2 && STORED_AFTER_MS,
    retry: false,
  });
}

export function readOverview(windowSeconds: number) {
  return queryOptions({
    queryKey: ['overview', windowSeconds],
    queryFn: ({ signal }) => admin<Overview>('/overview', { query: { window: windowSeconds }, signal }),
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
  });
}

/** The gateways on the database of this one. */
export function listNodes() {
  return queryOptions({
    queryKey: ['nodes'],
    queryFn: ({ signal }) => admin<Nodes>('/nodes', { signal }),
    refetchInterval: 10_000,
  });
}

/** The seconds over which the overview counts while it is live. */
export const LIVE_WINDOW_SECONDS = 300;

export function readSeries(query: Query, refetchMs?: number) {
  return queryOptions({
    queryKey: ['series', query],
    queryFn: ({ signal }) => admin<Series>('/series', { query, signal }),
    placeholderData: keepPreviousData,
    ...(refetchMs !== undefined && { refetchInterval: refetchMs }),
  });
}

export function readRequest(id: string) {
  return queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => admin<RequestDetail>(`/requests/${encodeURIComponent(id)}`, { signal }),
    // A record is written about a second after its request.
    retry: 3,
    retryDelay: 700,
  });
}

export function readRecorded(id: string) {
  return queryOptions({
    queryKey: ['recorded', id],
    queryFn: ({ signal }) => admin<Recorded>(`/requests/${encodeURIComponent(id)}/recorded`, { signal }),
    retry: false,
    // A prompt does not stay in the page's memory.
    gcTime: 0,
  });
}

/** The models that a key may ask in the playground. Without `as`, the gateway takes the session's own key. */
export function readOffer(as?: string) {
  return queryOptions({
    queryKey: ['playground', as],
    queryFn: ({ signal }) =>
      admin<{ readonly models: readonly string[]; readonly keys: readonly string[] }>('/playground/models', {
        query: { as },
        signal,
      }),
    retry: false,
  });
}

export function readDemo() {
  return queryOptions({
    queryKey: ['demo'],
    queryFn: ({ signal }) => admin<DemoState>('/demo', { signal }),
  });
}
