/**
 * The log's sentences in both languages. `{name}` is a placeholder. `{name?text}` inserts the text and the value, or
 * nothing if there is no value.
 */
export const MESSAGES = {
  started: { en: 'llm-proxy started, listening on {address}', zh: 'LLM Proxy 启动，监听地址: {address}' },
  loaded: {
    en: 'Loaded {providers} providers, {models} models, {keys} master keys',
    zh: '已加载 {providers} 个后端，{models} 个模型别名',
  },
  received: {
    en: 'Request received: model={model} client={client}{key? key=}',
    zh: '收到请求: 模型={model} 客户端={client}{key? 密钥=}',
  },
  succeeded: {
    en: 'Request succeeded: provider={provider} status={status} duration={duration}ms',
    zh: '请求成功: 后端={provider} 状态={status} 耗时={duration}ms',
  },
  failed: {
    en: 'Request failed: provider={provider} status={status} duration={duration}ms{key? key=} attempts={attempts}',
    zh: '请求失败: 后端={provider} 状态={status} 耗时={duration}ms{key? 密钥=} 尝试={attempts}',
  },
  rejected: {
    en: 'Request rejected by the provider: provider={provider} status={status} duration={duration}ms{key? key=} attempts={attempts}',
    zh: '请求被后端拒绝: 后端={provider} 状态={status} 耗时={duration}ms{key? 密钥=} 尝试={attempts}',
  },
  refused: {
    en: 'Request refused: {code} status={status} path={path}{client? client=}{key? key=}',
    zh: '请求被拒绝: {code} 状态={status} 路径={path}{client? 客户端=}{key? 密钥=}',
  },
  truncated: {
    en: 'Stream truncated: provider={provider} duration={duration}ms{key? key=} attempts={attempts}',
    zh: '流被截断: 后端={provider} 耗时={duration}ms{key? 密钥=} 尝试={attempts}',
  },
  left: {
    en: 'Client disconnected: provider={provider} duration={duration}ms{key? key=} attempts={attempts}',
    zh: '客户端断开: 后端={provider} 耗时={duration}ms{key? 密钥=} 尝试={attempts}',
  },
  attemptFailed: {
    en: 'Attempt {number} failed: {route} {outcome} duration={duration}ms',
    zh: '第 {number} 次尝试失败: {route} {outcome} 耗时={duration}ms',
  },
  attemptAnswered: {
    en: 'Attempt {number} answered: {route} ({reason}) first byte={duration}ms',
    zh: '第 {number} 次尝试成功: {route} ({reason}) 首字节={duration}ms',
  },
  probeFailed: {
    en: 'Probe failed: provider={provider} {error} duration={duration}ms',
    zh: '探测失败: 后端={provider} {error} 耗时={duration}ms',
  },
  story: { en: 'Attempts: {attempts}', zh: '尝试过程: {attempts}' },
  apiMissing: {
    en: 'Provider {provider} has no API {api}: translating requests for an hour',
    zh: '后端 {provider} 没有 API {api}: 一小时内请求将被转换',
  },
  cooled: {
    en: 'Cooling down: {route} for {seconds}s',
    zh: '进入冷却: {route} {seconds} 秒',
  },
  metrics: {
    en: 'Metrics: total={total}ms attempts={attempts} first_token={firstToken} gateway={gateway} tokens={tokens}{cost}',
    zh: '性能指标: 总耗时={total}ms 尝试={attempts} 首字节={firstToken} 网关={gateway} 令牌={tokens}{cost}',
  },
  logLost: {
    en: 'Log lines are being lost: {reason} ({count} so far)',
    zh: '日志正在丢失: {reason}（共 {count} 行）',
  },
  reloaded: {
    en: 'Configuration reloaded (version {version})',
    zh: '配置已重新加载（版本 {version}）',
  },
  reloadRefused: {
    en: 'The changed configuration was refused, the old one stays in force: {problem}',
    zh: '新配置无效，继续使用旧配置: {problem}',
  },
  needsRestart: {
    en: 'The new address {address} takes effect after a restart',
    zh: '监听地址变更为 {address}，重启后生效',
  },
  audit: {
    en: 'Admin: {action} by {address} (version {version})',
    zh: '管理操作: {action} 来自 {address}（版本 {version}）',
  },
  auditRefused: { en: 'Admin: refused {action} by {address}', zh: '管理操作被拒绝: {action} 来自 {address}' },
  auditDenied: {
    en: 'Admin: wrong key from {address} for {action}',
    zh: '管理密钥错误: 来自 {address} 请求 {action}',
  },
  alert: { en: 'Alert: {text}', zh: '告警: {text}' },
  alertSent: { en: 'Alert sent: {text}', zh: '告警已发送: {text}' },
  alertFailed: {
    en: 'The alert was not accepted by its webhook in five tries: {text}',
    zh: '告警五次发送均未被 Webhook 接受: {text}',
  },
  storeLost: {
    en: 'The database is unavailable; the last configuration stays in force: {reason}',
    zh: '数据库不可用，继续使用最近的配置: {reason}',
  },
  storeBack: { en: 'The database is available again', zh: '数据库已恢复' },
  warning: { en: '{text}', zh: '{text}' },
  translates: {
    en: 'Requests to {provider} are translated if they use one of these APIs: {apis}',
    zh: '发往 {provider} 的请求如使用以下 API 将被转换: {apis}',
  },
  bug: { en: 'Internal error: {error}', zh: '内部错误: {error}' },
  workersAlone: {
    en: 'Running a single process, since several processes on one port (workers: {workers}) require Linux',
    zh: '仅由一个进程提供服务: 多进程共享端口（workers: {workers}）仅支持 Linux',
  },
  workerDied: {
    en: 'Worker {worker} (pid {pid}) died: {how}. Starting a replacement',
    zh: '工作进程 {worker}（pid {pid}）已退出: {how}，正在启动替代进程',
  },
  draining: {
    en: 'Shutting down: waiting for {pending} requests in flight',
    zh: '正在关闭: 等待 {pending} 个请求完成',
  },
  stopped: { en: 'Stopped', zh: '已停止' },
} as const satisfies Record<string, { en: string; zh: string }>;

export type MessageKey = keyof typeof MESSAGES;
export type Language = 'en' | 'zh';

type Values = Readonly<Record<string, string | number | undefined>>;

/** Fills the placeholders of a sentence. `shown` makes a text fit for the line. */
export function say(
  key: MessageKey,
  language: Language,
  values: Values,
  shown: (text: string) => string = asItIs,
): string {
  return filled(SENTENCES[language][key], values, shown);
}

/** The same as the inside of a JSON string. `shown` escapes a text. */
export function sayInJson(
  key: MessageKey,
  language: Language,
  values: Values,
  shown: (text: string) => string,
): string {
  return filled(ESCAPED_SENTENCES[language][key], values, shown);
}

function asItIs(text: string): string {
  return text;
}

function filled([start, blanks]: Sentence, values: Values, shown: (text: string) => string): string {
  let sentence = start;
  for (const { name, before, after, otherwise } of blanks) {
    const value = values[name];
    if (value === undefined) sentence += otherwise;
    else sentence += `${before}${typeof value === 'string' ? shown(value) : value}${after}`;
  }
  return sentence;
}

/** A sentence up to its first placeholder, and the placeholders with the text around them. */
type Sentence = readonly [start: string, blanks: readonly Blank[]];

interface Blank {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** The text in its place if there is no value. */
  readonly otherwise: string;
}

type Sentences = Readonly<Record<Language, Readonly<Record<MessageKey, Sentence>>>>;

const SENTENCES = sentences(asItIs);
const ESCAPED_SENTENCES = sentences((text) => JSON.stringify(text).slice(1, -1));

/** Parsed once, because every log line uses a sentence. */
function sentences(shown: (text: string) => string): Sentences {
  return { en: sentencesIn('en', shown), zh: sentencesIn('zh', shown) };
}

function sentencesIn(language: Language, shown: (text: string) => string): Record<MessageKey, Sentence> {
  const cut = Object.entries(MESSAGES).map(([key, message]): [string, Sentence] => {
    const [start = '', ...rest] = message[language].split('{');
    return [key, [shown(start), rest.map((part) => blankOf(part, shown))]];
  });
  return Object.fromEntries(cut) as Record<MessageKey, Sentence>;
}

/** Parses `name}…` or `name?before}…`. */
function blankOf(part: string, shown: (text: string) => string): Blank {
  const [blank = '', after = ''] = part.split('}');
  const [name = '', before] = blank.split('?');
  const otherwise = before === undefined ? `-${after}` : after;
  return { name, before: shown(before ?? ''), after: shown(after), otherwise: shown(otherwise) };
}
