import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

declare const self: Worker;

self.addEventListener('message', (event: MessageEvent<string>) => {
  self.postMessage(countTokens(event.data, { disallowedSpecial: new Set() }));
});
