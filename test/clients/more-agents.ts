import type { Access, Agent, Startable } from './agents.ts';

/** Cline's command line. Its settings are those that `cline auth` writes. */
const clineChat: Agent = {
  name: 'Cline',
  program: 'cline',
  launch: ({ url, key, model }, prompt) => ({
    args: [prompt],
    env: {
      CLINE_TELEMETRY_DISABLED: '1',
      CLINE_NO_TELEMETRY: '1',
      DO_NOT_TRACK: '1',
      // Otherwise it leaves a daemon behind.
      CLINE_SESSION_BACKEND_MODE: 'local',
    },
    files: {
      '.cline/data/settings/providers.json': JSON.stringify({
        version: 1,
        lastUsedProvider: 'openai-compatible',
        modes: {},
        providers: {
          'openai-compatible': {
            settings: { provider: 'openai-compatible', apiKey: key, model, baseUrl: `${url}/v1` },
            updatedAt: '2026-01-01T00:00:00.000Z',
            tokenSource: 'manual',
          },
        },
      }),
    },
  }),
  shellTool: 'run_commands',
  shell: (command) => ['run_commands', { commands: [command] }],
  writeFile: (path, content) => ['editor', { path, old_text: null, new_text: content }],
};

function continueCli(provider: 'openai' | 'anthropic'): Agent {
  return {
    name: `Continue's command line with its provider ${provider}`,
    program: 'cn',
    launch: ({ url, key, model }, prompt) => ({
      args: ['--config', '../home/.continue/config.yaml', '--auto', '-p', prompt],
      env: {
        CONTINUE_CLI_ENABLE_TELEMETRY: '0',
        CONTINUE_TELEMETRY_ENABLED: '0',
        CONTINUE_METRICS_ENABLED: '0',
        OTEL_SDK_DISABLED: 'true',
      },
      files: {
        '.continue/config.yaml': JSON.stringify({
          name: 'gateway',
          version: '0.0.1',
          schema: 'v1',
          models: [
            { name: 'x', provider, model, apiBase: `${url}/v1`, apiKey: key, roles: ['chat', 'edit'] },
          ],
        }),
      },
    }),
    shellTool: 'Bash',
    shell: (command) => ['Bash', { command }],
    writeFile: (filepath, content) => ['Write', { filepath, content }],
  };
}

const qwenCode: Agent = {
  name: 'Qwen Code',
  program: 'qwen',
  launch: ({ url, key, model }, prompt) => ({
    args: ['--yolo', '-p', prompt],
    env: {
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_MODEL: model,
      QWEN_TELEMETRY_ENABLED: 'false',
    },
    files: {
      '.qwen/settings.json': JSON.stringify({
        security: { auth: { selectedType: 'openai' } },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { disableAutoUpdate: true, enableAutoUpdate: false },
      }),
    },
  }),
  shellTool: 'run_shell_command',
  // Its terminal may lose the output of a command that ends at once.
  shell: (command) => ['run_shell_command', { command: `${command}; sleep 0.5`, is_background: false }],
  writeFile: (file_path, content) => ['write_file', { file_path, content }],
};

/** It calls no tools: the model answers with edits. `prefix` says which API it speaks. */
function aider(prefix: 'openai' | 'anthropic', envOf: (access: Access) => Record<string, string>): Startable {
  return {
    name: `aider with ${prefix}/`,
    program: 'aider',
    launch: (access, prompt) => ({
      args: [
        '--model',
        `${prefix}/${access.model}`,
        '--edit-format',
        'diff',
        '--map-tokens',
        '0',
        '--yes-always',
        '--no-git',
        '--no-check-update',
        '--no-show-model-warnings',
        '--analytics-disable',
        '--message',
        prompt,
        'made.txt',
      ],
      env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', ...envOf(access) },
    }),
  };
}

export const AIDER = {
  chat: aider('openai', ({ url, key }) => ({ OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: key })),
  messages: aider('anthropic', ({ url, key }) => ({ ANTHROPIC_API_BASE: url, ANTHROPIC_API_KEY: key })),
} as const;

/** Agents that `npm run test:agents` installs besides the others. */
export const MORE_AGENTS = {
  clineChat,
  continueChat: continueCli('openai'),
  continueMessages: continueCli('anthropic'),
  qwenCode,
} as const;
