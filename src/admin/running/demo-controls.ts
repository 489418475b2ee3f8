/** The faults of a simulated provider, with the simulator's names. */
export const DEMO_FAULTS = {
  '500': { title: 'Answers every request with 500', simulated: '500' },
  rate_limit: { title: 'Answers every request with 429', simulated: '429' },
  disconnect: { title: 'Closes every connection without an answer', simulated: 'rst' },
  html: { title: 'Answers with a web page in place of JSON', simulated: '200-html' },
  empty: { title: 'Answers without content', simulated: '200-no-choices' },
} as const;

export type DemoFault = keyof typeof DEMO_FAULTS;

export interface DemoTraffic {
  readonly isOn: boolean;
  readonly requestsPerSecond: number;
}

/** The switches of the demo. */
export interface DemoControls {
  readonly traffic: () => DemoTraffic;
  readonly setTraffic: (traffic: DemoTraffic) => void;
  readonly providers: () => readonly { readonly name: string; readonly fault: DemoFault | undefined }[];
  /** undefined: the provider works again. */
  readonly breakProvider: (name: string, fault: DemoFault | undefined) => Promise<void>;
}
