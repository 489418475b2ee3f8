import { type FaultSpec, NO_FAULT, readFaultSpec, readModelSpec } from './fault-spec.ts';

/** Counts how often each fault was played, for `times` and `for`. */
export interface FaultMemory {
  /** Chooses the fault of a header or, without one, of the model name, and counts it as one play. Throws `Refused`. */
  readonly choose: (model: string, header: string | undefined) => FaultSpec;
  /** Plays this fault for every model that names none; undefined: no more. Throws `Refused`. */
  readonly breakWith: (spec: string | undefined) => void;
  readonly reset: () => void;
}

interface Course {
  readonly spec: FaultSpec;
  readonly since: number;
  plays: number;
}

/** The maximum number of remembered specs, since clients can make up any number. */
const MAX_COURSES = 10_000;

/** A memory in which nothing has been played. */
export function createFaultMemory(): FaultMemory {
  const courses = new Map<string, Course>();
  const courseOf = (key: string, read: () => FaultSpec): Course => {
    const known = courses.get(key);
    if (known !== undefined) return known;
    const course = { spec: read(), since: performance.now(), plays: 0 };
    if (courses.size >= MAX_COURSES) courses.delete(courses.keys().next().value ?? '');
    courses.set(key, course);
    return course;
  };
  let broken: FaultSpec | undefined;
  return {
    breakWith: (spec) => {
      broken = spec === undefined ? undefined : readFaultSpec(spec);
    },
    choose: (model, header) => {
      if (broken !== undefined && header === undefined && /^(?:mock\/ok(?:\?|$)|(?!mock\/))/.test(model))
        return broken;
      const course =
        header === undefined
          ? courseOf(model, () => readModelSpec(model))
          : courseOf(`header ${header}`, () => readFaultSpec(header));
      const { spec } = course;
      const isOver = course.plays++ >= spec.times || performance.now() - course.since > spec.forMs;
      return isOver ? { ...NO_FAULT, options: spec.options } : spec;
    },
    reset: () => courses.clear(),
  };
}
