import type { DemoTraffic } from '../admin/running/demo-controls.ts';

const QUESTIONS = [
  'Hello!',
  'What is a gateway?',
  'Name three rivers.',
  'Translate "good morning" into French.',
  'Write a haiku about retries.',
];

/** More concurrent requests would only slow down the demo. */
const MOST_UNDER_WAY = 32;

/** Sends steady traffic to the demo's own address. */
export class DemoClient {
  readonly #url: string;
  readonly #key: string;
  #traffic: DemoTraffic = { isOn: false, requestsPerSecond: 3 };
  #timer: Timer | undefined;
  #sent = 0;
  #underWay = 0;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  traffic(): DemoTraffic {
    return this.#traffic;
  }

  setTraffic(traffic: DemoTraffic): void {
    this.#traffic = traffic;
    clearInterval(this.#timer);
    if (!traffic.isOn) return;
    this.#timer = setInterval(() => void this.#ask(), 1000 / traffic.requestsPerSecond);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#underWay >= MOST_UNDER_WAY) return;
    this.#underWay += 1;
    this.#sent += 1;
    try {
      const response = await fetch(`${this.#url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: this.#sent % 8 === 0 ? 'demo-unreliable' : 'demo',
          messages: [{ role: 'user', content: QUESTIONS[this.#sent % QUESTIONS.length] }],
          stream: this.#sent % 2 === 0,
        }),
      });
      await response.text();
    } catch {
      // The gateway is about to stop, or to start.
    }
    this.#underWay -= 1;
  }
}
