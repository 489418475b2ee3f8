/** One error in a request's body: where, and what is wrong. */
export interface ProblemDetail {
  readonly path: string;
  readonly message: string;
}

/** A refusal by the gateway. Status 0: the gateway could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly ProblemDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(fields: Pick<Problem, 'status' | 'code' | 'message'> & Partial<Problem>) {
    super(fields.message);
    this.name = 'Problem';
    this.status = fields.status;
    this.code = fields.code;
    this.details = fields.details ?? [];
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }

  /** The message for a field, whose path may also be the beginning of the problem's path. */
  messageAt(path: string): string | undefined {
    return this.details.find((detail) => detail.path === path || detail.path.startsWith(`${path}[`))?.message;
  }
}

/** Reads OpenAI's error object, or whatever else a proxy in between has answered. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const common = {
    status: response.status,
    ...(Number.isFinite(retryAfter) && { retryAfterSeconds: retryAfter }),
  };
  try {
    const { error } = JSON.parse(text) as {
      error: { code?: string | null; message: string; details?: ProblemDetail[] };
    };
    return new Problem({
      ...common,
      code: error.code ?? 'unknown',
      message: error.message,
      details: error.details ?? [],
    });
  } catch {
    const message = text.slice(0, 300) || `HTTP ${response.status}`;
    return new Problem({ ...common, code: 'unknown', message });
  }
}
