import type { ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import type { DialectName } from '../../../src/translation/models/dialects.ts';

/** A provider, as a column of the matrix. */
export interface Column {
  readonly title: string;
  readonly api: ProviderApi;
  readonly carriage?: Target['carriage'];
  readonly dialect: DialectName;
  readonly model: string;
  /** The model for features that only reasoning models support. */
  readonly reasoningModel: string;
}

export const COLUMNS: readonly Column[] = [
  { title: 'OpenAI, Chat', api: 'chat', dialect: 'openai', model: 'gpt-4.1', reasoningModel: 'gpt-5.1' },
  {
    title: 'Chat elsewhere',
    api: 'chat',
    dialect: 'generic',
    model: 'some-model',
    reasoningModel: 'some-model',
  },
  {
    title: 'Responses',
    api: 'responses',
    dialect: 'openai',
    model: 'gpt-4.1',
    reasoningModel: 'gpt-5.1',
  },
  {
    title: 'Messages',
    api: 'messages',
    dialect: 'generic',
    model: 'claude-sonnet-4-5',
    reasoningModel: 'claude-opus-4-8',
  },
  {
    title: 'Claude at Bedrock',
    api: 'messages',
    carriage: 'bedrock',
    dialect: 'generic',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    reasoningModel: 'anthropic.claude-opus-4-8',
  },
  {
    title: 'Claude at Vertex',
    api: 'messages',
    carriage: 'vertex',
    dialect: 'generic',
    model: 'claude-sonnet-4-5@20250929',
    reasoningModel: 'claude-opus-4-8',
  },
  {
    title: 'Gemini',
    api: 'gemini',
    dialect: 'generic',
    model: 'gemini-2.5-flash',
    reasoningModel: 'gemini-3-pro',
  },
  {
    title: 'Bedrock Converse',
    api: 'converse',
    dialect: 'generic',
    model: 'amazon.nova-pro-v1:0',
    reasoningModel: 'us.anthropic.claude-opus-4-8',
  },
];
