import type { Admission } from '../../limits/admission.ts';
import type { ByteSink } from '../body/pipe.ts';

/**
 * Counts the bytes of a stream for the request's reservations, which grow with a long answer. Returns the sink itself if the
 * request has none. There is no closure, since a thousand streams may be open.
 */
export function countedSink(sink: ByteSink, admission: Admission): ByteSink {
  if (admission.grow === undefined) return sink;
  return sink.writeFramed === undefined
    ? new CountedSink(sink, admission)
    : new CountedFramedSink(sink, admission);
}

class CountedSink implements ByteSink {
  protected readonly sink: ByteSink;
  protected readonly admission: Admission;

  constructor(sink: ByteSink, admission: Admission) {
    this.sink = sink;
    this.admission = admission;
  }

  write(bytes: Uint8Array): Promise<unknown> | undefined {
    this.admission.grow?.(bytes.byteLength);
    return this.sink.write(bytes);
  }
}

class CountedFramedSink extends CountedSink {
  writeFramed(chunk: Uint8Array): Promise<unknown> | undefined {
    this.admission.grow?.(chunk.byteLength);
    return this.sink.writeFramed?.(chunk);
  }
}
