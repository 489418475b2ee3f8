import { type Answer, errorAnswer } from './answer.ts';
import { badRequest } from './api-error.ts';
import type { AttemptLog, OpenAttempt } from './attempt-log.ts';
import { answerControl } from './control.ts';
import type { Connection } from './http/connection.ts';
import type { HttpRequest } from './http/request-reader.ts';
import { converse, socketApiOf, socketModel } from './web-socket/conversation.ts';
import { readSocketFault } from './web-socket/socket-fault.ts';
import { perform } from './perform.ts';
import { isAuthorized, type Provider, respond, type Response } from './respond.ts';

/** The state that all connections share. */
export interface Session {
  readonly provider: Provider;
  readonly log: AttemptLog;
  readonly isRecording: boolean;
}

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** Answers the requests on a connection one after the other. Call this whenever bytes have arrived. */
export function serveConnection(connection: Connection, session: Session): void {
  while (!connection.isBusy && connection.isOpen) {
    const reading = connection.reader.next();
    switch (reading.kind) {
      case 'incomplete':
        return;
      case 'continue':
        void connection.send(CONTINUE);
        break;
      case 'invalid':
        refuse(connection, reading);
        return;
      case 'request': {
        connection.stayOpen();
        const pending = answerRequest(reading.request, connection, session);
        if (pending !== undefined) whenDone(pending, connection, session);
        break;
      }
    }
  }
}

function whenDone(pending: Promise<void>, connection: Connection, session: Session): void {
  connection.isBusy = true;
  void pending
    .catch((error: unknown) => {
      // A bug of the simulator: reported to its user, and to the client as a broken connection.
      process.stderr.write(
        `mock: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      connection.reset();
    })
    .then(() => {
      connection.isBusy = false;
      serveConnection(connection, session);
    });
}

function refuse(connection: Connection, { status, message }: { status: number; message: string }): void {
  const head = { method: 'GET', target: '', path: '', rawHeaders: [], headers: {}, framing: NO_BODY };
  const answer = errorAnswer(badRequest(message, null, status).error, 'openai');
  void perform(answer, connection, { ...head, keepAlive: false, chunkedAllowed: true });
}

const NO_BODY = { kind: 'length', bytes: 0 } as const;

/** Returns undefined if the request is answered, otherwise a promise of it. */
function answerRequest(
  request: HttpRequest,
  connection: Connection,
  session: Session,
): Promise<void> | undefined {
  const control = answerControl(request.method, request.path, {
    log: session.log,
    memory: session.provider.memory,
  });
  if (control !== undefined) return perform(control, connection, request);
  const spoken = speak(request, connection, session);
  if (spoken !== undefined) return spoken;
  const response = respond(request, session.provider);
  const turn: Turn = { request, connection, session };
  return response instanceof Promise ? response.then((ready) => give(ready, turn)) : give(response, turn);
}

/**
 * Answers a WebSocket handshake, unless its key is wrong or a fault refuses it; undefined: the request is answered as
 * HTTP.
 */
function speak(request: HttpRequest, connection: Connection, session: Session): Promise<void> | undefined {
  const api = socketApiOf(request);
  if (api === undefined || !isAuthorized(request, session.provider.apiKey)) return undefined;
  const model = socketModel(request);
  const fault = readSocketFault(model);
  const status = fault?.name === 'ws-refuse' ? fault.status : 101;
  const noted = { request, model, fault: fault?.name ?? 'ok', status, connection: connection.id };
  const record = session.isRecording ? session.log.add(noted) : undefined;
  const spoken =
    status === 101
      ? converse(request, connection, api)
      : perform(
          errorAnswer(badRequest('The mock refuses.', null, status).error, 'openai'),
          connection,
          request,
        );
  return Promise.resolve(spoken).then(() => {
    if (record === undefined) return;
    record.closedByPeerAt = connection.closedByPeerAt;
    record.endedAt = Date.now();
  });
}

interface Turn {
  readonly request: HttpRequest;
  readonly connection: Connection;
  readonly session: Session;
}

function give(response: Response, { request, connection, session }: Turn): Promise<void> | undefined {
  const { answer, model, fault } = response;
  if (!session.isRecording) return perform(answer, connection, request);
  const record = session.log.add({ request, model, fault, status: answer.status, connection: connection.id });
  return performAndNote({ answer, connection, request, record });
}

interface Noted {
  readonly answer: Answer;
  readonly connection: Connection;
  readonly request: HttpRequest;
  readonly record: OpenAttempt;
}

function performAndNote({ answer, connection, request, record }: Noted): Promise<void> | undefined {
  const note = (): void => {
    record.closedByPeerAt = connection.closedByPeerAt;
    record.endedAt = Date.now();
  };
  const pending = perform(answer, connection, request);
  if (pending === undefined) note();
  return pending?.then(note);
}
