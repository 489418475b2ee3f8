import { describe, expect, test } from 'bun:test';
import { readTeamIds, type Team, teamIdsOf } from '../../../src/config/owners.ts';
import type { MasterKey, Snapshot } from '../../../src/config/snapshot.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const PROVIDER = 'providers: [{ name: a, api_base: "http://127.0.0.1" }]\n';

function keyOf({ access }: Snapshot): MasterKey {
  const [key] = access.kind === 'keys' ? [...access.keys.values()] : [];
  if (key === undefined) throw new Error('no key');
  return key;
}

/** The key "app" with these settings. */
function keyWith(settings: string, more = ''): MasterKey {
  return keyOf(snapshotOf(`${PROVIDER}master_keys: [{ name: app, key: mk-app, ${settings} }]\n${more}`));
}

describe('teams', () => {
  test('are a tree, and a key knows its place in it', () => {
    const snapshot = snapshotOf(`${PROVIDER}
teams: [{ name: web, parent: search }, { name: search, parent: acme }, { name: acme }]
master_keys: [{ name: app, key: mk-app, team: web }]`);
    const { team } = keyOf(snapshot);
    expect([team?.path, team?.parent?.name, team?.parent?.parent?.name]).toEqual([
      'acme/search/web',
      'search',
      'acme',
    ]);
    expect(snapshot.owners.teams.get('web')).toBe(team);
  });

  test('give their tags to their keys, and the nearest counts', () => {
    const teams = `teams: [{ name: acme, tags: { a: acme, b: acme, c: acme } }, { name: search, parent: acme, tags: { b: search, c: search } }]`;
    expect(keyWith('team: search, tags: { c: key }', teams).tags).toEqual({
      a: 'acme',
      b: 'search',
      c: 'key',
    });
  });

  test('restrict the models of their keys, whose own list holds too', () => {
    const teams = `teams: [{ name: acme, allowed_models: ["gpt-*", "claude-*"] }, { name: search, parent: acme, allowed_models: ["*-mini", "claude-*"] }, { name: free }]`;
    const may = (settings: string): string[] => {
      const key = keyWith(settings, teams);
      return ['gpt-5-mini', 'gpt-5', 'claude-9', 'o9-mini'].filter(key.allows);
    };
    expect(may('team: search')).toEqual(['gpt-5-mini', 'claude-9']);
    expect(may('team: search, allowed_models: [gpt-5-mini, o9-mini]')).toEqual(['gpt-5-mini']);
    expect(may('team: acme, allowed_models: ["*"]')).toEqual(['gpt-5-mini', 'gpt-5', 'claude-9']);
    expect(keyWith('team: search', teams).unrestricted).toBe(false);
    expect(keyWith('team: free', teams).unrestricted).toBe(true);
  });
});

test.each([
  [
    'teams: [{ name: a, parent: b }, { name: b, parent: a }]',
    ['teams[0].parent: makes a circle of teams: a → b → a.', 'teams[1].parent: makes a circle'],
  ],
  ['teams: [{ name: a, parent: a }]', ['teams[0].parent: makes a circle of teams: a → a.']],
  [
    'teams: [{ name: a }, { name: b, parent: a }, { name: c, parent: b }, { name: d, parent: c }]',
    ['teams[3].parent: makes teams 4 deep, and 3 levels are the most: a → b → c → d.'],
  ],
  [
    'teams: [{ name: search, parent: acm }, { name: acme }]',
    ['teams[0].parent: names "acm", and there is no such team. Did you mean "acme"?'],
  ],
  ['teams: [{ name: a }, { name: a }]', ['teams[1].name: "a" is already the name of a team, at teams[0].']],
  [
    'teams: [{ name: a }, { name: b, renamed_from: a }]',
    ['teams[1].renamed_from: "a" is what the use of the team "a" is counted by'],
  ],
  ['teams: [{ name: a, timezone: Mars/Olympus }]', ['teams[0].timezone: "Mars/Olympus" is not a time zone']],
  ['limits_options: { timezone: Nowhere }', ['limits_options.timezone: "Nowhere" is not a time zone']],
  ['teams: [{ name: a, tags: { "a b": c } }]', ['teams[0].tags["a b"]: must be 1 to 32 letters']],
  ['teams: [{ name: a, tags: { a: "b,c" } }]', ['teams[0].tags.a: must not contain a comma']],
  ['users: [{ name: a }, { name: a }]', ['users[1].name: "a" is already the name of a user, at users[0].']],
  [
    'master_keys: [{ name: k, key: mk-1, team: serch }]\nteams: [{ name: search }]',
    ['master_keys[0].team: names "serch", and there is no such team. Did you mean "search"?'],
  ],
  [
    'master_keys: [{ name: k, key: mk-1, user: alice }]',
    ['master_keys[0].user: names "alice", and there is no such user.'],
  ],
  [
    'master_keys: [{ name: k, key: mk-1, expires_at: 2027-03-31 }]',
    ['master_keys[0].expires_at: must be a time with its zone, such as "2027-03-31T00:00:00Z"'],
  ],
  [
    'master_keys: [{ name: k, key: mk-1, end_users: maybe }]',
    ['master_keys[0].end_users: is not one of the allowed values'],
  ],
  ['alerts: [{ url: "ftp://hooks" }]', ['alerts[0].url: must be a URL that begins with https:// or http://']],
  [
    'alerts: [{ url: "https://h", events: [limit.reached] }]',
    ['alerts[0].events[0]: is not one of the allowed values'],
  ],
  ['spend: { store: "postgres://x" }', ['spend.store: must be sqlite:// and a path']],
])('%s is refused', (text, expected) => {
  const problems = problemsOf(`${PROVIDER}allow_unauthenticated: true\n${text}`);
  expect(problems).toEqual(expected.map((problem) => expect.stringContaining(problem)));
});

test('a key says when it expires, whose it is and what its clients may say', () => {
  const key = keyWith(
    'user: alice, expires_at: 2027-03-31T00:00:00+02:00, client_tags: [feature], end_users: required, self_rotate: true',
    'users: [{ name: alice, email: alice@example.com }]',
  );
  expect(key).toMatchObject({
    id: 'app',
    user: { id: 'alice', name: 'alice', email: 'alice@example.com' },
    expiresAtMs: Date.parse('2027-03-30T22:00:00Z'),
    clientTags: ['feature'],
    endUsers: 'required',
    selfRotate: true,
  });
});

test('an expired key goes on working for the grace', () => {
  const options = 'limits_options: { grace_after_expiry: 3600 }';
  const endsAtMs = Date.parse('2027-03-31T00:00:00Z');
  expect(keyWith('expires_at: 2027-03-31T00:00:00Z').refusedFromMs).toBe(endsAtMs);
  expect(keyWith('expires_at: 2027-03-31T00:00:00Z', options).refusedFromMs).toBe(endsAtMs + 3_600_000);
  expect(keyWith('', options).refusedFromMs).toBe(Infinity);
});

test('a key that has expired is warned of, once its grace is over', () => {
  const warningsOf = (expires: string, more = ''): readonly string[] =>
    snapshotOf(`${PROVIDER}master_keys: [{ name: app, key: mk-app, expires_at: ${expires} }]\n${more}`)
      .warnings;
  // The configuration is compiled at the beginning of 1970.
  expect(warningsOf('1970-01-01T00:00:01Z')).toEqual([]);
  expect(warningsOf('1969-12-31T23:59:59Z')).toEqual(['Key "app" has expired: its requests are refused.']);
  expect(warningsOf('1969-12-31T23:59:59Z', 'limits_options: { grace_after_expiry: 5 }')).toEqual([]);
});

test('a key that says nothing has none of it, and end users are stored only where that is asked for', () => {
  expect(keyWith('')).toMatchObject({
    id: 'app',
    team: undefined,
    user: undefined,
    expiresAtMs: undefined,
    tags: {},
    clientTags: [],
    endUsers: 'off',
    selfRotate: false,
  });
  expect(keyWith('', 'attribution: { end_user: hash }').endUsers).toBe('optional');
  expect(keyWith('', 'attribution: { end_user: off }').endUsers).toBe('off');
});

test('teams and users without a key, and keys without a user, are warned of', () => {
  const { warnings } = snapshotOf(`${PROVIDER}
teams: [{ name: acme }, { name: search, parent: acme, per_user: [{ cost: 5, per: day }] }, { name: idle, parent: acme }]
users: [{ name: alice }, { name: bob }]
master_keys:
  - { name: a, key: mk-1, team: search, user: alice }
  - { name: b, key: mk-2, team: search }
  - { name: c, key: mk-3, team: search }`);
  expect(warnings).toEqual([
    'No key belongs to team "idle".',
    'No key belongs to user "bob".',
    '2 keys of team "search" have no user: each counts as a user of its own.',
  ]);
});

test('a team or a limit without a model that is served is warned of', () => {
  const { warnings } = snapshotOf(`${PROVIDER}
models: { m: { routes: [{ provider: a, model: m }] } }
teams: [{ name: search, allowed_models: [n] }, { name: other, allowed_models: ["m*"] }]
master_keys:
  - { name: a, key: mk-1, team: search }
  - { name: b, key: mk-2, team: other, allowed_models: [m], limits: [{ cost: 1, per: day, models: [n, "o*"] }] }`);
  expect(warnings).toEqual([
    'Team "search" may not use any model that is served.',
    'Key "a" may not use any model that is served.',
    'The limit limits[0] of key "b" counts only models that are not served.',
  ]);
});

test('where use is kept, and who is told, has defaults', () => {
  const plain = snapshotOf(PROVIDER + 'allow_unauthenticated: true');
  expect([plain.alerts, plain.attribution]).toEqual([[], { endUser: 'store', endUsers: 'off' }]);
  expect(plain.spend).toEqual({
    store: 'sqlite://.llm-proxy/spend.db',
    journal: '.llm-proxy/journal',
    isJournalNamed: false,
    fsyncMs: 1000,
    onFull: 'serve',
    maxJournalBytes: 1024 ** 3,
    allowNetworkDisk: false,
  });
  const { alerts, spend, secrets } = snapshotOf(`${PROVIDER}allow_unauthenticated: true
alerts: [{ url: "https://hooks.example.com/a1b2c3", secret: hook-secret }]
spend: { journal: memory, fsync: 0, on_full: refuse, journal_max_mb: 16 }`);
  expect(alerts).toEqual([
    {
      url: 'https://hooks.example.com/a1b2c3',
      secret: 'hook-secret',
      events: ['limit.threshold', 'limit.exceeded', 'key.expires_soon', 'price.unknown'],
    },
  ]);
  expect(spend).toMatchObject({ journal: undefined, isJournalNamed: false, fsyncMs: 0, onFull: 'refuse' });
  expect(secrets).toEqual(['https://hooks.example.com/a1b2c3', 'hook-secret']);
});

test('a slash in a name is no step of its path', () => {
  const team: Team = { id: 'a/b%', name: 'a/b%', parent: undefined, path: 'a%2Fb%25', tags: {} };
  const below: Team = { ...team, id: '%2F', parent: team };
  expect(readTeamIds(teamIdsOf(below))).toEqual(['a/b%', '%2F']);
  expect(teamIdsOf(below)).toBe('/a%2Fb%25/%252F/');
});
