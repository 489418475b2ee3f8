import { describe, expect, test } from 'bun:test';
import { MOST_POST_BYTES, type Receiver, type Sender, SocketTurn } from '../../../src/lib/socket-turn.ts';

const nextImmediate = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Notes what a receiver gets, and what follows from it later in the same turn. */
function receiver(notes: string[], then: (text: string) => void = () => undefined): Receiver {
  return {
    received(bytes) {
      const text = String(bytes);
      notes.push(text);
      void Promise.resolve()
        .then(() => undefined)
        .then(() => then(text));
    },
    failed: (error) => void notes.push(`failed: ${error.message}`),
  };
}

function sender(notes: string[], more: () => void = () => undefined): Sender {
  return {
    writePosted(buffer, from, to) {
      notes.push(`wrote ${buffer.toString('latin1', from, to)}`);
      more();
    },
  };
}

function post(turn: SocketTurn, to: Sender, text: string): void {
  const { buffer, filled } = turn;
  turn.post(to, filled + buffer.write(text, filled, 'latin1'));
}

describe('a turn', () => {
  test('takes everything that has arrived, then runs what follows, then writes', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const [one, two] = [sender(notes), sender(notes)];
    turn.arrived(
      receiver(notes, () => post(turn, one, 'x')),
      Buffer.from('a'),
    );
    turn.arrived(
      receiver(notes, () => post(turn, two, 'y')),
      Buffer.from('b'),
    );
    expect(notes).toEqual([]);
    await nextImmediate();
    expect(notes).toEqual(['a', 'b', 'wrote x', 'wrote y']);
  });

  test('prepares once for all posts of a turn, again for posts that follow, and no longer when that is ended', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const end = turn.beforeWrites(() => void notes.push('prepared'));
    const last = sender(notes);
    const first = sender(notes, () => post(turn, last, 'c'));
    post(turn, first, 'a');
    post(turn, last, 'b');
    await nextImmediate();
    expect(notes.splice(0)).toEqual(['prepared', 'wrote a', 'prepared', 'wrote bc']);
    turn.flush();
    expect(notes).toEqual([]);
    end();
    post(turn, last, 'd');
    turn.flush();
    expect(notes).toEqual(['wrote d']);
  });

  test('writes what was posted without an arrival, the posts of a sender in one write', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const [one, two] = [sender(notes), sender(notes)];
    for (const [to, text] of [
      [one, 'a'],
      [one, 'b'],
      [two, 'c'],
      [one, 'd'],
    ] as const)
      post(turn, to, text);
    await nextImmediate();
    expect(notes).toEqual(['wrote ab', 'wrote c', 'wrote d']);
  });

  test('in which much arrives is taken in parts, and what one has caused is written before the next', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const answering = receiver(notes, (text) => post(turn, sender(notes), text));
    for (let count = 0; count < 32; count++) turn.arrived(answering, Buffer.from('a'));
    expect(notes).toHaveLength(32);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    for (let count = 0; count < 32; count++) turn.arrived(answering, Buffer.from('b'));
    expect(notes.slice(32, 64)).toEqual(Array.from({ length: 32 }, () => 'wrote a'));
    await nextImmediate();
    expect(notes).toHaveLength(128);
  });

  test('goes on behind a receiver that throws', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const broken: Receiver = {
      ...receiver(notes),
      received() {
        throw new Error('broken');
      },
    };
    turn.arrived(broken, Buffer.from('a'));
    turn.arrived(receiver(notes), Buffer.from('b'));
    turn.take();
    expect(notes).toEqual(['failed: broken', 'b']);
    turn.take();
    expect(notes).toHaveLength(2);
  });

  test('gives and writes the rest after an exception that nobody catches', () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const fail = (): never => {
      throw new Error('broken');
    };
    turn.arrived({ received: fail, failed: fail }, Buffer.from('a'));
    turn.arrived(receiver(notes), Buffer.from('b'));
    expect(() => turn.take()).toThrow('broken');
    turn.take();
    post(turn, { writePosted: fail }, 'c');
    post(turn, sender(notes), 'd');
    expect(() => turn.flush()).toThrow('broken');
    turn.flush();
    expect(notes).toEqual(['b', 'wrote d']);
  });

  test('gives the rest in the next turn after an exception', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const fail = (): never => {
      throw new Error('broken');
    };
    const failing = (): void => {
      turn.arrived({ received: fail, failed: fail }, Buffer.from('b'));
      turn.arrived(receiver(notes), Buffer.from('c'));
      expect(() => turn.take()).toThrow('broken');
    };
    turn.arrived(receiver(notes, failing), Buffer.from('a'));
    await nextImmediate();
    await nextImmediate();
    expect(notes).toEqual(['a', 'c']);
  });

  test('takes a large piece at once', () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    turn.arrived(receiver(notes), Buffer.alloc(512 * 1024, 'x'));
    expect(notes).toHaveLength(1);
  });

  test('keeps the bytes of posts in order, however many they are', async () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    const large = 'x'.repeat(MOST_POST_BYTES);
    for (let count = 0; count < 20; count++) post(turn, sender(notes), large);
    turn.flush();
    expect(notes.map((note) => note.length)).toEqual(
      Array.from({ length: 20 }, () => large.length + 'wrote '.length),
    );
  });

  test('writes what a write posts, even more than there is room for', () => {
    const turn = new SocketTurn();
    const notes: string[] = [];
    let left = 10;
    const again = sender(notes, () => {
      if (left-- > 0) post(turn, again, String(left).repeat(MOST_POST_BYTES));
    });
    post(turn, again, 'first');
    turn.flush();
    expect(notes.map((note) => note.slice(6, 7)).join('')).toBe('f9876543210');
    expect(notes.slice(1).every((note) => note.length === MOST_POST_BYTES + 6)).toBe(true);
  });
});
