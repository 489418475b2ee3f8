import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../session/session.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { Tabs } from '../../ui/tabs.tsx';

interface SnippetsProps {
  /** Undefined: the variable `LLM_PROXY_KEY` stands for it. */
  readonly secret?: string;
  readonly model: string;
}

/** How programs are set up for this gateway and a key. */
export function Snippets({ secret, model }: SnippetsProps): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const origin = gateway.address.replace(/\/v1\/?$/, '');
  const texts = snippetsOf({ origin, secret, model });
  return (
    <Tabs
      tabs={Object.entries(texts).map(([id, text]) => ({
        id,
        label: id,
        content: <CodeBlock label={t('Setup for {{name}}', { name: id })} text={text} />,
      }))}
    />
  );
}

interface Facts {
  readonly origin: string;
  readonly secret: string | undefined;
  readonly model: string;
}

function snippetsOf({ origin, secret, model }: Facts): Readonly<Record<string, string>> {
  const inShell = secret ?? '$LLM_PROXY_KEY';
  const python = secret === undefined ? 'os.environ["LLM_PROXY_KEY"]' : JSON.stringify(secret);
  const imported = secret === undefined ? 'import os\n' : '';
  const script = secret === undefined ? 'process.env.LLM_PROXY_KEY' : JSON.stringify(secret);
  const name = JSON.stringify(model);
  return {
    curl: `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${inShell}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": ${name}, "messages": [{"role": "user", "content": "Hello!"}]}'`,
    'Claude Code': `export ANTHROPIC_BASE_URL="${origin}"
export ANTHROPIC_AUTH_TOKEN="${inShell}"
claude --model ${model}`,
    Codex: `# ~/.codex/config.toml
model = ${name}
model_provider = "llm-proxy"

[model_providers.llm-proxy]
name = "llm-proxy"
base_url = "${origin}/v1"
env_key = "LLM_PROXY_KEY"
wire_api = "responses"

# in the shell
export LLM_PROXY_KEY="${secret ?? '…'}"`,
    'OpenAI, Python': `${imported}from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=${python})
answer = client.chat.completions.create(
    model=${name},
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
    'OpenAI, JavaScript': `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: ${script} });
const answer = await client.chat.completions.create({
  model: ${name},
  messages: [{ role: 'user', content: 'Hello!' }],
});
console.log(answer.choices[0].message.content);`,
    'Anthropic, Python': `${imported}import anthropic

client = anthropic.Anthropic(base_url="${origin}", api_key=${python})
message = client.messages.create(
    model=${name},
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello!"}],
)
print(message.content[0].text)`,
  };
}
