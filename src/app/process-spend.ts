import type { LaterCosts } from '../gateway/later/later-costs.ts';
import type { Journal } from '../gateway/limits/ports.ts';
import type { Emit } from '../gateway/ports.ts';
import { socketTurn } from '../lib/socket-turn.ts';
import type { JournalOrders, ProcessJournal } from '../spend/process-journal.ts';
import type { WriterTrouble } from '../spend/journal/writer.ts';
import type { Log } from '../telemetry/log/log.ts';
import type { JournalState } from '../telemetry/metrics/metrics.ts';
import type { AppSpend } from './gateway-app.ts';

export interface ProcessSpendOptions {
  readonly log: () => Log | undefined;
}

/**
 * The journal of a process that serves requests. It does nothing until it gets orders, at the start or when the first
 * limit that needs it is added.
 */
export class ProcessSpend {
  readonly #options: ProcessSpendOptions;
  #journal: ProcessJournal | undefined;

  constructor(options: ProcessSpendOptions) {
    this.#options = options;
  }

  /** Begins a journal. undefined: there is none to begin. */
  async start(orders: JournalOrders | undefined): Promise<void> {
    if (orders === undefined || this.#journal !== undefined) return;
    const { openProcessJournal } = await import('../spend/process-journal.ts');
    const { log } = this.#options;
    this.#journal = openProcessJournal(orders, {
      epochMs: Date.now,
      onTrouble: (trouble) => tell(trouble, log()),
      beforeWrites: (write) => socketTurn.beforeWrites(write),
    });
  }

  /** Receives the requests that hold limits. */
  readonly journal: Journal = {
    open: (request) => this.#journal?.open(request),
    grow: (request) => this.#journal?.grow(request),
    drop: (requestId) => this.#journal?.drop(requestId),
    settle: (request) => this.#journal?.settle(request),
    close: (requestId, ended, uses) => this.#journal?.close(requestId, ended, uses),
  };

  /** Receives every event. */
  readonly listen: Emit = (event) => this.#journal?.listen(event);

  /** Writes the waiting lines, so that another process can read them. */
  readonly flush = (): void => this.#journal?.flush();

  /** Whether requests are journaled. */
  get isKept(): boolean {
    return this.#journal !== undefined;
  }

  /** undefined: there is no journal. */
  readonly state = (): JournalState | undefined =>
    this.#journal && { isDegraded: this.#journal.isDegraded(), dropped: this.#journal.dropped() };

  /** The part of a gateway's connection to the ledger that this process has. */
  forApp(later: LaterCosts | undefined): Pick<AppSpend, 'journal' | 'journalState' | 'later'> {
    const { journal, state: journalState } = this;
    return { journal, journalState, later: () => (this.isKept ? later : undefined) };
  }

  /** Writes the rest, when no more requests end. */
  end(): void {
    this.#journal?.end();
  }
}

function tell(trouble: WriterTrouble, log: Log | undefined): void {
  switch (trouble.type) {
    case 'held':
      return log?.say('error', 'warning', {
        text: `The usage journal cannot be written: ${trouble.reason}. Usage is kept in memory until then; a crash would lose it.`,
      });
    case 'written':
      return log?.say('info', 'warning', { text: 'The usage journal is written again.' });
    case 'unsynced':
      return log?.say('warn', 'warning', {
        text: `The usage journal could not be synced to disk: ${trouble.reason}`,
      });
    case 'dropped':
      return log?.say('error', 'warning', {
        text: `Usage was lost, ${trouble.count} lines so far: the journal could not be written for too long`,
      });
  }
}
