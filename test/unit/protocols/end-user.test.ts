import { describe, expect, test } from 'bun:test';
import { MEMBERS_WITH_END_USER, peekRequest, peekRequestInSlices } from '../../../src/protocols/request.ts';

function endUserOf(body: string | Readonly<Record<string, unknown>>): string | undefined {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify({ model: 'm', ...body }));
  const peek = peekRequest(bytes, 'application/json', MEMBERS_WITH_END_USER);
  return peek.kind === 'json' ? peek.endUser : undefined;
}

const ACCOUNT = '6f8a2b1c-0d3e-4f5a-9b6c-7d8e9f0a1b2c';

describe('the end user of a body', () => {
  test.each([
    ['`user` of OpenAI', { user: 'alice' }, 'alice'],
    ['`safety_identifier`', { safety_identifier: 'hash-1' }, 'hash-1'],
    ['`user` before the others', { metadata: { user_id: 'c' }, safety_identifier: 'b', user: 'a' }, 'a'],
    ['`metadata.user_id` of Anthropic', { metadata: { user_id: 'u-1' } }, 'u-1'],
    ['a name with white space around it', { user: '  alice\n' }, 'alice'],
    ['a name in any script', { user: 'Zoë 李' }, 'Zoë 李'],
    ['an empty `user` before a metadata', { user: '', metadata: { user_id: 'u-1' } }, 'u-1'],
    ['a `user` that is no text', { user: { id: 1 } }, undefined],
    ['null', { user: null, safety_identifier: null, metadata: null }, undefined],
    ['metadata of the Responses API without it', { metadata: { topic: 'x' } }, undefined],
    ['another spelling, which no provider reads', { User: 'alice' }, undefined],
    ['a text too long for a name', { user: 'x'.repeat(5000) }, undefined],
  ])('is found in %s', (_, body, user) => {
    expect(endUserOf(body)).toBe(user);
  });

  test('is the last of two, as parsers take it', () => {
    expect(endUserOf('{"model":"m","user":"a","user":"b"}')).toBe('b');
  });

  test('is not looked for without the wish', () => {
    const peek = peekRequest(Buffer.from('{"model":"m","user":"alice"}'), 'application/json');
    expect(peek).toMatchObject({ kind: 'json', endUser: undefined });
  });

  test('is found in slices, too', () => {
    const body = Buffer.from(JSON.stringify({ messages: 'x'.repeat(10_000), user: 'alice', model: 'm' }));
    const members = MEMBERS_WITH_END_USER;
    const look = peekRequestInSlices(body, 'application/json', { sliceBytes: 1000, members });
    let peek = look();
    while (peek === undefined) peek = look();
    expect(peek).toMatchObject({ model: 'm', endUser: 'alice' });
  });
});

describe("Claude Code's user_id", () => {
  const idOf = (userId: unknown) =>
    endUserOf({ metadata: { user_id: typeof userId === 'string' ? userId : JSON.stringify(userId) } });

  test('counts by account', () => {
    expect(idOf({ device_id: 'd1', account_uuid: ACCOUNT, session_id: 's1' })).toBe(ACCOUNT);
  });

  test('counts by device where there is no account', () => {
    expect(idOf({ device_id: 'd1', account_uuid: '', session_id: 's1' })).toBe('d1');
  });

  test('never counts by session', () => {
    expect(idOf({ session_id: 's1' })).toBeUndefined();
  });

  test('of older versions counts without its session', () => {
    expect(idOf(`user_ab12_account_${ACCOUNT}_session_77-88`)).toBe(`user_ab12_account_${ACCOUNT}`);
    expect(idOf('user_ab12_account__session_77')).toBe('user_ab12_account_');
  });

  test.each(['{broken', '{"id":"7"}', 'user_7', 'a_session_b'])('of another kind counts whole: %s', (id) => {
    expect(idOf(id)).toBe(id);
  });
});
