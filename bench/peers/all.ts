import { direct } from './direct.ts';
import { haproxy } from './haproxy.ts';
import { literLlm } from './liter-llm.ts';
import { litellm } from './litellm.ts';
import {
  llmProxy,
  llmProxyBinary,
  llmProxyPlain,
  llmProxyRuntime,
  llmProxyRuntimePlain,
  llmProxyTwoLoads,
  llmProxyTwoWorkers,
} from './llm-proxy.ts';
import { nginx, nginxUnbuffered } from './nginx.ts';
import type { Peer } from './peer.ts';
import { portkey } from './portkey.ts';

/** Every peer, in the order of the tables. */
export const PEERS: readonly Peer[] = [
  direct,
  nginx,
  nginxUnbuffered,
  haproxy,
  llmProxy,
  llmProxyPlain,
  llmProxyRuntime,
  llmProxyRuntimePlain,
  llmProxyTwoWorkers,
  llmProxyTwoLoads,
  llmProxyBinary,
  literLlm,
  portkey,
  litellm,
];
