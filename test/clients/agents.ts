import type { Asked, Answer, Call } from './provider/script.ts';
import { calls } from './provider/script.ts';

/** The way an agent reaches the gateway. */
export interface Access {
  /** Without a path: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
}

/** The command to start, besides the settings that keep every agent offline. */
export interface Launch {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files below its home, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A program that edits files, with how it is started. */
export type Startable = Pick<Agent, 'name' | 'program' | 'launch'>;

/** An agent, and the tools that a script uses to make it work. */
export interface Agent {
  /** The name in test titles. */
  readonly name: string;
  /** In `node_modules/.clients/node_modules/.bin`, or in `.clients-more`. */
  readonly program: 'claude' | 'codex' | 'opencode' | 'gemini' | 'cline' | 'cn' | 'qwen' | 'aider';
  /** Starts one turn that ends by itself, with every tool allowed. */
  readonly launch: (access: Access, prompt: string) => Launch;
  /** A tool that every main request of the agent offers, and no side request does. */
  readonly shellTool: string;
  readonly shell: (command: string) => ToolUse;
  readonly writeFile: (path: string, content: string) => ToolUse;
  /** Absent if the agent shows its model no pictures. */
  readonly readImage?: (path: string) => ToolUse;
}

/** The name of a tool and its arguments. */
export type ToolUse = readonly [string, Call['input']];

const claudeCode: Agent = {
  name: 'Claude Code',
  program: 'claude',
  launch: ({ url, key, model }, prompt) => ({
    args: ['--model', model, '--dangerously-skip-permissions', '-p', prompt],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_SMALL_FAST_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_TELEMETRY: '1',
      // As root it refuses to run with every tool allowed, unless it runs in a container.
      IS_SANDBOX: '1',
    },
  }),
  shellTool: 'Bash',
  shell: (command) => ['Bash', { command, description: 'Runs it' }],
  writeFile: (file_path, content) => ['Write', { file_path, content }],
  readImage: (file_path) => ['Read', { file_path }],
};

function codex(name: string, provider: (url: string) => readonly string[]): Agent {
  return {
    name,
    program: 'codex',
    launch: ({ url, key, model }, prompt) => ({
      args: [
        'exec',
        '--skip-git-repo-check',
        '--dangerously-bypass-approvals-and-sandbox',
        ...provider(`${url}/v1`).flatMap((setting) => ['-c', setting]),
        '-m',
        model,
        prompt,
      ],
      env: { CODEX_API_KEY: key, GATEWAY_KEY: key },
    }),
    shellTool: 'exec_command',
    shell: (cmd) => ['exec_command', { cmd }],
    writeFile: (path, content) => [
      'apply_patch',
      `*** Begin Patch\n*** Add File: ${path}\n${content.replace(/^/gm, '+')}\n*** End Patch\n`,
    ],
    readImage: (path) => ['view_image', { path }],
  };
}

/** It tries a WebSocket first. */
const codexBuiltIn = codex('Codex with its built-in provider', (url) => [`openai_base_url="${url}"`]);

const codexOwn = codex('Codex with a provider of its own', (url) => [
  `model_providers.gateway={name="gateway",base_url="${url}",env_key="GATEWAY_KEY",wire_api="responses"}`,
  'model_provider="gateway"',
]);

const geminiCli: Agent = {
  name: 'Gemini CLI',
  program: 'gemini',
  launch: ({ url, key, model }, prompt) => ({
    args: ['-m', model, '--yolo', '--skip-trust', '-p', prompt],
    env: {
      GEMINI_API_KEY: key,
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_SANDBOX: 'false',
      // It would start itself once more, with another limit on its memory.
      GEMINI_CLI_NO_RELAUNCH: 'true',
    },
    files: {
      '.gemini/settings.json': JSON.stringify({
        security: { auth: { selectedType: 'gemini-api-key' } },
        general: { enableAutoUpdate: false },
        telemetry: { enabled: false },
        privacy: { usageStatisticsEnabled: false },
      }),
    },
  }),
  shellTool: 'run_shell_command',
  shell: (command) => ['run_shell_command', { command }],
  writeFile: (file_path, content) => ['write_file', { file_path, content }],
  readImage: (file_path) => ['read_file', { file_path }],
};

function opencode(npm: string, base: string): Agent {
  return {
    name: `opencode with ${npm}`,
    program: 'opencode',
    launch: ({ url, key, model }, prompt) => ({
      args: ['run', '-m', `gateway/${model}`, prompt],
      env: {
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_SHARE: '1',
      },
      files: {
        '.config/opencode/opencode.json': JSON.stringify({
          permission: 'allow',
          provider: {
            gateway: {
              npm,
              options: { baseURL: `${url}${base}`, apiKey: key },
              models: {
                [model]: {
                  attachment: true,
                  modalities: { input: ['text', 'image'], output: ['text'] },
                  tool_call: true,
                },
              },
            },
          },
        }),
      },
    }),
    shellTool: 'bash',
    shell: (command) => ['bash', { command, description: 'Runs it' }],
    writeFile: (filePath, content) => ['write', { filePath, content }],
    readImage: (filePath) => ['read', { filePath }],
  };
}

export const AGENTS = {
  claudeCode,
  codexBuiltIn,
  codexOwn,
  geminiCli,
  opencodeChat: opencode('@ai-sdk/openai-compatible', '/v1'),
  opencodeMessages: opencode('@ai-sdk/anthropic', '/v1'),
  opencodeResponses: opencode('@ai-sdk/openai', '/v1'),
  opencodeGemini: opencode('@ai-sdk/google', '/v1beta'),
} as const;

/** A step of a script that uses these tools in parallel. */
export function using(...wanted: readonly ToolUse[]): (asked: Asked) => Answer {
  return (asked) => calls(asked, ...wanted);
}
