import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggingSettings } from '../../config/snapshot.ts';
import type { GatewayEvent, RequestEnded } from '../../gateway/events.ts';
import { localDate, localTime } from './local-time.ts';
import { UNREDACTED } from './line-texts.ts';
import { renderLine } from './log.ts';
import { logEntries, metricsEntry } from './log-entry.ts';
import type { Redact } from './redact.ts';
import { RequestLog } from './request-file.ts';
import type { OnLoss } from './stream-sink.ts';

/** The maximum size of kept bodies over all requests; beyond it, requests are logged without bodies. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
/** The maximum number of requests logged at a time, and of files that wait to be written. */
const MOST_REQUESTS = 10_000;
const MOST_WAITING = 1_000;
/** The maximum number of files in a directory; the oldest are deleted first. */
const MOST_FILES = 10_000;
const CLEAN_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
const FLUSH_MS = 3_000;

export interface RequestFilesOptions {
  readonly settings: () => LoggingSettings;
  /** Returns the redaction of the moment, which is applied to whole files. */
  readonly redactor: () => Redact;
  readonly now: () => Date;
  readonly onLoss: OnLoss;
}

/**
 * Writes a file for each request, with its headers, bodies and log lines, while `separate_files` is on. Failed requests
 * are also written to `error_dir`. No request waits for it: files that the disk does not accept are dropped and
 * counted.
 */
export class RequestFiles {
  readonly #options: RequestFilesOptions;
  readonly #requests = new Map<string, RequestLog>();
  #heldBytes = 0;
  #waiting = 0;
  #writing = Promise.resolve();
  #dropped = 0;
  #cleanedAtMs = -Infinity;

  constructor(options: RequestFilesOptions) {
    this.#options = options;
  }

  /** Files lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly listen = (event: GatewayEvent): void => {
    if (event.type === 'request-started') {
      if (!this.#options.settings().separateFiles) return;
      if (this.#requests.size < MOST_REQUESTS) this.#requests.set(event.requestId, new RequestLog(event));
      else this.#lose(undefined);
      return;
    }
    if (this.#requests.size === 0 || !('requestId' in event) || event.requestId === undefined) return;
    const log = this.#requests.get(event.requestId);
    if (log !== undefined) this.#note(event, log);
  };

  /** Resolves when finished requests are written, or after 3 s. */
  async flush(): Promise<void> {
    const untilMs = performance.now() + FLUSH_MS;
    while (this.#waiting > 0 && performance.now() < untilMs) await Bun.sleep(1);
  }

  #note(event: GatewayEvent, log: RequestLog): void {
    const settings = this.#options.settings();
    const heldBefore = log.bytes;
    const room = MOST_HELD_BYTES - this.#heldBytes;
    if (event.type === 'request-received') log.received(event, room);
    if (event.type === 'answer-bytes') log.answered(event, room);
    this.#heldBytes += log.bytes - heldBefore;
    const entries = logEntries(event);
    if (event.type === 'request-ended') entries.push(metricsEntry(event));
    const context = { now: this.#options.now(), texts: UNREDACTED };
    for (const entry of entries) log.addLine(renderLine(entry, settings, context));
    if (event.type === 'request-ended') this.#end(event, log, settings);
  }

  #end(event: RequestEnded, log: RequestLog, settings: LoggingSettings): void {
    this.#requests.delete(event.requestId);
    if (this.#waiting >= MOST_WAITING) {
      this.#heldBytes -= log.bytes;
      return this.#lose(undefined);
    }
    this.#waiting += 1;
    this.#writing = this.#writing
      .then(() => this.#write(event, log, settings))
      .catch((error: unknown) => this.#lose(error))
      .finally(() => {
        this.#waiting -= 1;
        this.#heldBytes -= log.bytes;
      });
  }

  async #write(event: RequestEnded, log: RequestLog, settings: LoggingSettings): Promise<void> {
    const { redactor, now } = this.#options;
    const text = redactor()(log.text(event, settings.maskSensitive));
    const at = now();
    const name = `${localDate(at)}_${localTime(at).replaceAll(':', '-')}_${event.requestId}.log`;
    const isFailure = event.ending !== 'complete' && event.ending !== 'client-left';
    const directories = isFailure ? [settings.requestDir, settings.errorDir] : [settings.requestDir];
    for (const directory of directories) await writeInto(directory, name, text);
    if (at.getTime() - this.#cleanedAtMs < CLEAN_EVERY_MS) return;
    this.#cleanedAtMs = at.getTime();
    for (const directory of [settings.requestDir, settings.errorDir])
      await clean(directory, settings.maxDays, at);
  }

  #lose(error: unknown): void {
    this.#dropped += 1;
    this.#options.onLoss(error);
  }
}

async function writeInto(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, name), text, { mode: 0o600 });
}

/** Deletes files that are too old or too many. Their names begin with the date, so they sort by age. */
async function clean(directory: string, maxDays = Infinity, now: Date): Promise<void> {
  const all = await readdir(directory).catch(() => []);
  const names = all.filter((name) => /^\d{4}-\d{2}-\d{2}_[\d-]{8}_req_\w+\.log$/.test(name)).sort();
  const oldest = maxDays === Infinity ? '' : localDate(new Date(now.getTime() - maxDays * DAY_MS));
  const tooMany = names.length - MOST_FILES;
  const old = names.filter((name, index) => name < oldest || index < tooMany);
  for (const name of old) await rm(join(directory, name), { force: true });
}
