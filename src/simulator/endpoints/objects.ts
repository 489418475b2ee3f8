import { type Answer, jsonAnswer, wholeAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { type Call, CREATED, idOf, promptTokens } from '../call.ts';
import { positiveOf, stringOf } from '../json.ts';

const SHAPE = { dialect: 'openai' } as const;

/** The path after a collection's name: an id, optionally followed by an operation. */
function idIn({ path }: Call, collection: string): string {
  const rest = path.slice(path.indexOf(`/${collection}/`) + collection.length + 2);
  return decodeURIComponent(rest.split('/')[0] ?? '');
}

/** GET files/{id}: every id exists. */
export function answerFile(call: Call): Answer {
  return jsonAnswer(fileOf(idIn(call, 'files'), 42, 'mock.jsonl', 'batch'), SHAPE);
}

/** GET files/{id}/content: two lines of JSON. */
export function answerFileContent(): Answer {
  return wholeAnswer('{"custom_id":"1"}\n{"custom_id":"2"}\n', 'application/octet-stream', SHAPE);
}

/** DELETE files/{id}. */
export function answerFileDeletion(call: Call): Answer {
  return jsonAnswer({ id: idIn(call, 'files'), object: 'file', deleted: true }, SHAPE);
}

export function fileOf(id: string, bytes: number, filename: string, purpose: string): object {
  return { id, object: 'file', bytes, created_at: CREATED, filename, purpose, status: 'processed' };
}

/** POST batches: the batch is complete at once and not stored. */
export function answerBatch(call: Call): Answer {
  const { input_file_id: file, endpoint } = call.body;
  if (stringOf(file) === undefined) throw badRequest("Missing required parameter: 'input_file_id'.");
  return jsonAnswer(batchOf(idOf(call, 'batch_'), 'validating', stringOf(endpoint)), SHAPE);
}

/** GET batches: a single fixed batch. */
export function answerBatchList(): Answer {
  return jsonAnswer({ object: 'list', data: [batchOf('batch_mock', 'completed')], has_more: false }, SHAPE);
}

/** GET batches/{id}: every id exists. */
export function answerBatchRead(call: Call): Answer {
  return jsonAnswer(batchOf(idIn(call, 'batches'), 'completed'), SHAPE);
}

/** POST batches/{id}/cancel. */
export function answerBatchCancel(call: Call): Answer {
  return jsonAnswer(batchOf(idIn(call, 'batches'), 'cancelling'), SHAPE);
}

function batchOf(id: string, status: string, endpoint = '/v1/chat/completions'): object {
  return {
    id,
    object: 'batch',
    endpoint,
    errors: null,
    input_file_id: 'file-mock',
    completion_window: '24h',
    status,
    output_file_id: status === 'completed' ? 'file-mock' : null,
    created_at: CREATED,
    request_counts: { total: 2, completed: 2, failed: 0 },
  };
}

/** POST rerank in Cohere's and Jina's shape: documents with more words of the query come first. */
export function answerRerank(call: Call): Answer {
  const { query, documents, top_n: wanted } = call.body;
  if (typeof query !== 'string' || !Array.isArray(documents))
    throw badRequest("Missing required parameters: 'query' and 'documents'.");
  const words = query.toLowerCase().split(/\s+/);
  const results = documents
    .map((document, index) => {
      const text = JSON.stringify(document).toLowerCase();
      const found = words.filter((word) => text.includes(word)).length;
      return { index, relevance_score: found / words.length };
    })
    .sort((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, positiveOf(wanted ?? null) ?? documents.length);
  const tokens = promptTokens(query, documents);
  return jsonAnswer(
    { id: idOf(call, 'rerank-'), model: call.model, results, usage: { total_tokens: tokens } },
    SHAPE,
  );
}
