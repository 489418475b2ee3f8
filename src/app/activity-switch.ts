import type { Activity, ActivityTap } from '../admin/live/activity.ts';
import type { Emit } from '../gateway/ports.ts';

/** Passes on the activity of this process while there are watchers. Until then an event costs one comparison. */
export class ActivitySwitch {
  #tap: ActivityTap | undefined;
  #isOn = false;

  readonly listen: Emit = (event) => this.#tap?.listen(event);

  get isOn(): boolean {
    return this.#isOn;
  }

  async on(tell: (activity: Activity) => void): Promise<void> {
    this.#isOn = true;
    const { ActivityTap } = await import('../admin/live/activity.ts');
    // It may have been turned off, or on again, meanwhile.
    if (this.#isOn && this.#tap === undefined) this.#tap = new ActivityTap(tell);
  }

  off(): void {
    this.#isOn = false;
    this.#tap?.stop();
    this.#tap = undefined;
  }
}

/** Several listeners behind one switch: the first one turns it on, and the last one off. */
export class Watchers {
  readonly #listeners = new Set<(activity: Activity) => void>();
  readonly #turn: (isOn: boolean) => void;

  constructor(turn: (isOn: boolean) => void) {
    this.#turn = turn;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  readonly tell = (activity: Activity): void => {
    for (const listener of this.#listeners) listener(activity);
  };

  readonly watch = (listener: (activity: Activity) => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#turn(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#turn(false);
    };
  };
}

/** The watchers of a gateway of one process. */
export function watchersOf(activity: ActivitySwitch): Watchers {
  const watchers = new Watchers((isOn) => {
    if (isOn) void activity.on(watchers.tell);
    else activity.off();
  });
  return watchers;
}
