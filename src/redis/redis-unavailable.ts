import { StoreUnavailable } from '../store/database.ts';

/** Redis did not answer, or answers that it cannot serve now. The message is one line without credentials. */
export class RedisUnavailable extends StoreUnavailable {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RedisUnavailable';
  }
}
