import { AGENTS } from './agents.ts';
import { testSessions } from './translated-work.ts';

// Each agent with every other API takes two minutes more: `npm run test:agents`.
testSessions([
  [AGENTS.claudeCode, 'claude-opus-5-5', ['chat', 'responses', 'gemini', 'converse']],
  [AGENTS.codexOwn, 'gpt-5.5', ['chat', 'messages', 'gemini', 'converse']],
  [AGENTS.geminiCli, 'gemini-2.5-pro', ['chat', 'responses', 'messages', 'converse']],
  [AGENTS.opencodeChat, 'scripted', ['messages']],
  [AGENTS.opencodeMessages, 'scripted', ['gemini']],
  [AGENTS.opencodeResponses, 'scripted', ['converse']],
  [AGENTS.opencodeGemini, 'scripted', ['responses']],
]);
