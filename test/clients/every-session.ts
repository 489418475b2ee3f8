import { AGENTS } from './agents.ts';
import { MORE_AGENTS } from './more-agents.ts';
import { testSessions } from './translated-work.ts';

// Run by `npm run test:agents`: the sessions that take too long for every run of the tests.
testSessions([
  [AGENTS.opencodeChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [AGENTS.opencodeMessages, 'scripted', ['chat', 'responses', 'gemini', 'converse']],
  [AGENTS.opencodeResponses, 'scripted', ['chat', 'messages', 'gemini', 'converse']],
  [AGENTS.opencodeGemini, 'scripted', ['chat', 'responses', 'messages', 'converse']],
  [MORE_AGENTS.clineChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [MORE_AGENTS.continueChat, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
  [MORE_AGENTS.continueMessages, 'scripted', ['chat', 'responses', 'gemini', 'converse']],
  [MORE_AGENTS.qwenCode, 'scripted', ['responses', 'messages', 'gemini', 'converse']],
]);
