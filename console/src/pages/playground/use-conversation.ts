import { useEffect, useRef, useState } from 'react';
import { sayFailed } from '../../ui/toast.tsx';
import {
  type Answer,
  ask,
  bodyFor,
  type Question,
  type Settings,
  type Turn,
  WAITING,
} from './conversation.ts';

interface Options {
  readonly models: readonly string[];
  readonly settings: Settings;
  readonly as: string;
}

/** The turns of a conversation, which every model hears alike. */
export function useConversation({ models, settings, as }: Options) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [running, setRunning] = useState<AbortController>();
  const latest = useRef(running);
  latest.current = running;
  // A user who leaves the page needs no answer.
  useEffect(() => () => latest.current?.abort(), []);

  const setAnswer = (model: string, answer: Answer): void =>
    setTurns((all) =>
      all.map((turn, at) =>
        at === all.length - 1 ? { ...turn, answers: { ...turn.answers, [model]: answer } } : turn,
      ),
    );
  const start = (question: Question): boolean => {
    const turn = { question, answers: Object.fromEntries(models.map((model) => [model, WAITING])) };
    let bodies: Record<string, unknown>[];
    try {
      bodies = models.map((model) => bodyFor(model, [...turns, turn], settings));
    } catch (error) {
      sayFailed((error as Error).message);
      return false;
    }
    const controller = new AbortController();
    setTurns([...turns, turn]);
    setRunning(controller);
    const asked = models.map((model, at) =>
      ask({
        body: bodies[at] ?? {},
        as,
        signal: controller.signal,
        onChange: (answer) => setAnswer(model, answer),
      }),
    );
    void Promise.all(asked).then(() => setRunning(undefined));
    return true;
  };
  return {
    turns,
    isBusy: running !== undefined,
    start,
    stop: () => running?.abort(),
    clear: () => {
      running?.abort();
      setTurns([]);
    },
  };
}
