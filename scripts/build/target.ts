/** One of the six files that are built: its name in `dist`, and Bun's name for its platform. */
export interface Target {
  readonly os: OperatingSystem;
  readonly arch: Architecture;
  readonly file: string;
  /** The name of Bun's target. */
  readonly bun: Bun.Build.CompileTarget;
  /** The npm package with the runtime of this platform. */
  readonly runtime: string;
}

export type OperatingSystem = 'linux' | 'darwin' | 'windows';
export type Architecture = 'amd64' | 'arm64';

const SYSTEMS: readonly OperatingSystem[] = ['linux', 'darwin', 'windows'];
const ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];

/** All six. Bun's x64 runs on every processor since 2008 and picks faster code by itself; its Linux is that of glibc. */
export const TARGETS: readonly Target[] = SYSTEMS.flatMap((os) =>
  ARCHITECTURES.map((arch) => target(os, arch)),
);

function target(os: OperatingSystem, arch: Architecture): Target {
  return {
    os,
    arch,
    file: `llm-proxy-${os}-${arch}${os === 'windows' ? '.exe' : ''}`,
    bun: `bun-${os}-${arch === 'amd64' ? 'x64' : 'arm64'}`,
    runtime: `@oven/bun-${os}-${arch === 'amd64' ? 'x64' : 'aarch64'}`,
  };
}

/** The target for this machine. Undefined if there is none. */
export function hostTarget(): Target | undefined {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return TARGETS.find((candidate) => candidate.os === os && candidate.arch === arch);
}
