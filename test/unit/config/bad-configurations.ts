/** Kinds of bad configuration, each with its exact error message (without the file's name). */
export const BAD_CONFIGURATIONS: readonly {
  readonly kind: string;
  readonly text: string;
  readonly says: readonly string[];
}[] = [
  {
    kind: 'a misspelt setting',
    text: `
proxy_api_key: sk-test
providers:
  - name: a
    api_bse: https://a.test/v1
`,
    says: [
      '5:5  providers[0].api_bse: unknown setting. Did you mean "api_base"?\n' +
        '    Allowed: name, api_base, url, api_key, enabled, weight, model_mapping, provider_type, path_version, headers, timeouts, ' +
        'verify_ssl, ca_file, proxy, price_provider, discount_percent, free, trust_provider_cost, forward_client_auth, stream_usage, apis, dialect, api_version, region and 9 more.',
    ],
  },
  {
    kind: 'text where a number is due',
    text: 'proxy_api_key: sk-test\nserver:\n  port: "8080"\n',
    says: ['3:9  server.port: must be a number, found "8080".'],
  },
  {
    kind: 'a number out of range',
    text: 'proxy_api_key: sk-test\nserver: {port: 70000}\n',
    says: ['2:16  server.port: must be at most 65535, found 70000.'],
  },
  {
    kind: 'a fraction where a whole number is due',
    text: 'proxy_api_key: sk-test\nfallback: {max_retries: 1.5}\n',
    says: ['2:25  fallback.max_retries: must be a whole number, found 1.5.'],
  },
  {
    kind: 'a negative time',
    text: 'proxy_api_key: sk-test\nfallback:\n  cooldown_seconds: -1\n',
    says: ['3:21  fallback.cooldown_seconds: must be at least 0, found -1.'],
  },
  {
    kind: 'a switch that is neither true nor false',
    text: 'proxy_api_key: sk-test\nbackends:\n  - {name: a, url: "https://a.test", enabled: yes}\n',
    says: ['3:47  backends[0].enabled: must be true or false, found "yes".'],
  },
  {
    kind: 'a misspelt choice',
    text: 'proxy_api_key: sk-test\nlogging:\n  level: wran\n',
    says: [
      '3:10  logging.level: is not one of the allowed values, found "wran". Did you mean "warn"?\n' +
        '    Allowed: debug, info, warn, error.',
    ],
  },
  {
    kind: 'a listen address without a port',
    text: 'proxy_api_key: sk-test\nlisten: "127.0.0.1"\n',
    says: ['2:9  listen: is not an address to listen on; write ":8080", "127.0.0.1:8080" or "[::1]:8080".'],
  },
  {
    kind: 'the address said twice',
    text: 'proxy_api_key: sk-test\nlisten: ":1"\nserver: {port: 2}\n',
    says: ['2:1  listen: conflicts with server.host and server.port; keep one of them.'],
  },
  {
    kind: 'a list where sections are due',
    text: '- a\n- b\n',
    says: ['1:1  must be a section of settings, found a list.'],
  },
  {
    kind: 'an empty file',
    text: '# nothing but a comment\n',
    says: ['1:1  the file is empty: there is nothing to configure.'],
  },
  {
    kind: 'a key twice in one section',
    text: 'proxy_api_key: sk-test\nserver:\n  port: 1\n  port: 2\n',
    says: ['4:3  port is set twice in the same section.'],
  },
  {
    kind: 'a reference without quotes within braces',
    text: `
providers:
  - { name: a, api_key: \${KEY}, api_base: \${BASE} }
models: {}
`,
    says: [
      '3:26  a reference such as ${VAR} needs quotes within { } or [ ]: "${VAR}".',
      '3:44  a reference such as ${VAR} needs quotes within { } or [ ]: "${VAR}".',
    ],
  },
  {
    kind: 'two documents',
    text: 'proxy_api_key: sk-test\n---\nlisten: ":1"\n',
    says: ['2:1  a second document begins here (---); a configuration is one document.'],
  },
  {
    kind: 'a tab as indentation',
    text: 'server:\n\tport: 1\n',
    says: ['2:1  a tab is used to indent; YAML allows only spaces.'],
  },
  {
    kind: 'an alias without an anchor',
    text: 'listen: *nothing\n',
    says: [
      '1:9  an alias (*name) without its anchor (&name) before it; text that begins with * needs quotes.',
    ],
  },
  {
    kind: 'an unset environment variable',
    text: 'proxy_api_key: ${MISSING}\n',
    says: [
      '1:16  proxy_api_key: the environment variable MISSING is not set; set it, or write ${MISSING:-default}.',
    ],
  },
  {
    kind: 'a reference that is no variable',
    text: 'proxy_api_key: sk-${not-a-name}\n',
    says: [
      '1:16  proxy_api_key: contains a ${ that does not begin a reference; write ${VAR}, ${VAR:-default}, ${file:/path}, or $${ for a plain ${.',
    ],
  },
  {
    kind: 'a route to a provider that does not exist',
    text: `
proxy_api_key: sk-test
backends:
  - {name: provider-a, url: "https://a.test"}
models:
  "x/y":
    routes:
      - {backend: provder-a, model: m}
`,
    says: [
      '8:19  models["x/y"].routes[0].backend: is not the name of a provider, found "provder-a". ' +
        'Did you mean "provider-a"?\n    Allowed: provider-a.',
    ],
  },
  {
    kind: 'a model without routes',
    text: 'proxy_api_key: sk-test\nmodels:\n  a: {routes: []}\n  b: {}\n',
    says: ['3:15  models.a.routes: must have at least one entry.', '4:6  models.b.routes: is missing.'],
  },
  {
    kind: 'a provider name twice over both lists',
    text: `
proxy_api_key: sk-test
providers:
  - {name: a, api_base: "https://a.test"}
backends:
  - {name: a, url: "https://b.test"}
`,
    says: ['6:12  backends[0].name: "a" is already the name of a provider, at providers[0].'],
  },
  {
    kind: 'base URLs that are none, or must not be called',
    text: `
proxy_api_key: sk-test
providers:
  - {name: a, api_base: "ftp://a.test"}
  - {name: b, api_base: "https://user:hunter2@b.test"}
  - {name: c, api_base: "http://169.254.169.254/latest"}
  - {name: d, api_base: "not a url"}
  - {name: e, api_base: "https://a.test", url: "https://a.test"}
  - {name: f}
  - {name: g, api_base: "https://a.test/v1?x=1"}
`,
    says: [
      '4:25  providers[0].api_base: must begin with https:// or http://.',
      '5:25  providers[1].api_base: must not hold a user name or password; use api_key or headers.',
      '6:25  providers[2].api_base: is a link-local or metadata address, where clouds keep credentials; it is never called.',
      '7:25  providers[3].api_base: is not a URL; write it like https://api.example.com/v1.',
      '8:43  providers[4].url: is a synonym of api_base; keep one of them.',
      '9:5  providers[5].api_base: is missing: the address of the provider.',
      '10:25  providers[6].api_base: must not have a query (?) or a fragment (#).',
    ],
  },
  {
    kind: 'headers that would break requests',
    text: `
proxy_api_key: sk-test
providers:
  - name: a
    api_base: https://a.test
    headers: {"Content-Length": "3", "X Y": "z", "X-Ok": "a\\nb", "N": 4}
`,
    says: [
      '6:15  providers[0].headers.Content-Length: is a header that the gateway sets itself.',
      '6:38  providers[0].headers["X Y"]: is not a name that an HTTP header can have.',
      '6:58  providers[0].headers.X-Ok: must not contain line breaks or control characters.',
      '6:71  providers[0].headers.N: must be text (in quotes, if it looks like a number), found a number.',
    ],
  },
  {
    kind: 'misspelt models in alias_fallback',
    text: `
proxy_api_key: sk-test
backends: [{name: a, url: "https://a.test"}]
models:
  gpt-4o: {routes: [{backend: a}]}
fallback:
  alias_fallback:
    gpt-4o: [gtp-4o]
    gpt4: [gpt-4o]
`,
    says: [
      '8:14  fallback.alias_fallback.gpt-4o[0]: is not the name of a model, found "gtp-4o". Did you mean "gpt-4o"?\n' +
        '    Allowed: gpt-4o.',
      '9:5  fallback.alias_fallback.gpt4: is not the name of a model. Did you mean "gpt-4o"? Allowed: gpt-4o.',
    ],
  },
  {
    kind: 'no key on an address that others reach',
    text: 'providers: [{name: a, api_base: "https://a.test"}]\n',
    says: [
      '1:1  master_keys: there is no key, so everybody who reaches 0.0.0.0 could use the providers; ' +
        'add a key, listen on 127.0.0.1, or set allow_unauthenticated: true.',
    ],
  },
  {
    kind: 'a key name and a key twice',
    text: `
master_keys:
  - {name: a, key: sk-same-secret}
  - {name: a, key: sk-same-secret}
`,
    says: [
      '4:12  master_keys[1].name: "a" is already the name of a key, at master_keys[0].',
      '4:20  master_keys[1].key: is the same secret as that of master_keys[0].',
    ],
  },
  {
    kind: 'a master key called like proxy_api_key',
    text: 'proxy_api_key: sk-one\nmaster_keys:\n  - {name: default, key: sk-two}\n',
    says: ['3:12  master_keys[0].name: "default" is already the name of a key, at proxy_api_key.'],
  },
  {
    kind: 'rate limits that can not be meant',
    text: `
master_keys:
  - {name: a, key: sk-1, rate_limit: {requests_per_second: 5, burst_size: 0}}
  - {name: b, key: sk-2, rate_limit: {requests_per_second: 1, burst_size: -3}}
`,
    says: [
      '3:75  master_keys[0].rate_limit.burst_size: must be at least 1, since no request fits into a burst of 0; ' +
        'set both to 0 to refuse all.',
      '4:75  master_keys[1].rate_limit.burst_size: must be at least 0, found -3.',
    ],
  },
  {
    kind: 'statuses that are no errors',
    text: 'proxy_api_key: sk-test\ndetection:\n  error_codes: [429, "6xx", 200, "5xx"]\n',
    says: [
      '3:22  detection.error_codes[1]: must be a status from 300 to 599, or one of "3xx", "4xx" and "5xx", found "6xx".',
      '3:29  detection.error_codes[2]: must be at least 300, found 200.',
    ],
  },
  {
    kind: 'a key with spaces',
    text: 'proxy_api_key: "sk with space"\n',
    says: [
      '1:16  proxy_api_key: must be printable ASCII without spaces, since it travels in an HTTP header.',
    ],
  },
];
