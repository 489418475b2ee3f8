import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { compileText } from '../../src/config/read/compile-text.ts';

const CHART = join(import.meta.dir, '..', '..', 'deploy', 'helm', 'llm-proxy');

/** The one that the tests install with the Python libraries, where there is no other. */
const helm = Bun.which('helm') ?? Bun.which(join(import.meta.dir, '../../node_modules/.python/bin/helm'));
if (helm === null) console.error('There is no helm: the tests that render the chart are skipped.');

/** The custom resources of Prometheus' operator that follow the gateway's pods, and the settings that they share. */
interface Monitor {
  readonly jobLabel: string;
  readonly endpoints?: readonly { readonly port: string; readonly scheme: string }[];
  readonly podMetricsEndpoints?: readonly { readonly port: string; readonly scheme: string }[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  // Written by the chart. Each test states the fields that it checks.
  readonly spec: { readonly [name: string]: unknown };
  readonly data: Readonly<Record<string, string>>;
}

interface Rendering {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly all: readonly Resource[];
  readonly problem: string;
}

/** Renders the chart with a values file of `ci`, if one is named, and with more values, for an ordinary cluster version. */
function render(values: 'file' | 'database' | undefined, ...more: readonly string[]): Rendering {
  const files = values === undefined ? [] : ['--values', join(CHART, 'ci', `${values}-values.yaml`)];
  const set = more.flatMap((value) => ['--set', value]);
  const run = Bun.spawnSync([
    helm ?? '',
    'template',
    'edge',
    CHART,
    '--kube-version',
    '1.33',
    ...files,
    ...set,
  ]);
  const resources = parseAllDocuments(run.stdout.toString()).map((document) => document.toJS() as Resource);
  return {
    // A kind may come twice: the gateway's own comes first.
    resources: new Map(resources.toReversed().map((resource) => [resource.kind, resource])),
    all: resources,
    problem: run.stderr.toString(),
  };
}

test("the chart's versions are the program's", async () => {
  const chart = parse(await Bun.file(join(CHART, 'Chart.yaml')).text()) as Record<string, string>;
  expect([chart['version'], chart['appVersion']]).toEqual([manifest.version, manifest.version]);
});

describe.skipIf(helm === null)('the chart', () => {
  test.each(['file', 'database'] as const)(
    'has nothing that helm objects to, with ci/%s-values.yaml',
    (values) => {
      const run = Bun.spawnSync([
        helm ?? '',
        'lint',
        '--strict',
        '--kube-version',
        '1.33',
        CHART,
        '--values',
        join(CHART, 'ci', `${values}-values.yaml`),
      ]);
      expect(run.stdout.toString()).toContain('0 chart(s) failed');
      expect(run.exitCode).toBe(0);
    },
  );

  test('puts a configuration into a ConfigMap that the program accepts, in the folder that the image looks into', () => {
    const { resources } = render('file');
    const loaded = compileText(resources.get('ConfigMap')?.data['config.yaml'] ?? '', {
      file: 'config.yaml',
      env: { LLM_PROXY_KEY: 'sk-1', OPENAI_API_KEY: 'sk-2' },
      overrides: {},
      version: 1,
      now: new Date(),
    });
    expect(loaded.kind).toBe('loaded');
    const pod = podOf(resources);
    const mounts = pod.containers[0]?.volumeMounts ?? [];
    expect(mounts).toContainEqual({ name: 'config', mountPath: '/config', readOnly: true });
    // A file that is mounted by itself is never updated.
    expect(mounts.filter((mount) => 'subPath' in mount)).toEqual([]);
  });

  test('gives a pod the time that its requests in flight may take, and a moment more', () => {
    expect(podOf(render('file').resources).terminationGracePeriodSeconds).toBe(5 + 5 + 60 + 5);
    expect(podOf(render('database').resources).terminationGracePeriodSeconds).toBe(5 + 5 + 300 + 5);
  });

  test('runs a pod without rights, on a file system that can not be written to', () => {
    const pod = podOf(render('file').resources);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10_001 });
    expect(pod.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('has no ConfigMap where the configuration is in a database, and takes its address from the Secret', () => {
    const { resources } = render('database');
    expect(resources.has('ConfigMap')).toBe(false);
    expect(podOf(resources).containers[0]?.envFrom).toEqual([{ secretRef: { name: 'keys' } }]);
  });

  test('leaves the number of pods to an autoscaler where there is one, and protects them from evictions', () => {
    expect(render('file').resources.get('Deployment')?.spec['replicas']).toBe(2);
    expect([...render('file').resources.keys()].sort()).toEqual(
      [
        'ConfigMap',
        'Deployment',
        'Ingress',
        'PodDisruptionBudget',
        'PodMonitor',
        'Service',
        'ServiceAccount',
      ].sort(),
    );
    const { resources } = render('database');
    expect(resources.get('Deployment')?.spec).not.toHaveProperty('replicas');
    expect(resources.has('HorizontalPodAutoscaler') && resources.has('ServiceMonitor')).toBe(true);
    expect(render('file', 'replicas=1').resources.has('PodDisruptionBudget')).toBe(false);
  });

  test.each([
    ['no image', [], 'image.repository is where your image is'],
    ['no configuration', ['image.repository=x'], 'config is empty'],
    [
      'a database without a Secret',
      ['image.repository=x', 'database.enabled=true'],
      'database.enabled needs',
    ],
    // Helm 3 and 4 word these two differently.
    ['a value that does not exist', ['replica=3'], /additional propert\S+ '?replica'? (?:is )?not allowed/i],
    ['a value of another type', ['replicas=many'], /want integer|expected: integer/i],
    [
      'a route without a Gateway',
      ['image.repository=x', 'config.a=1', 'httpRoute.enabled=true'],
      'httpRoute.parentRefs',
    ],
    [
      'a Valkey without a database',
      ['image.repository=x', 'config.a=1', 'valkey.enabled=true'],
      'valkey.enabled needs database.enabled',
    ],
    [
      'a Valkey without a password',
      ['image.repository=x', 'database.enabled=true', 'existingSecret=keys', 'valkey.enabled=true'],
      'valkey.passwordSecret',
    ],
    [
      'an Ingress without a host',
      ['image.repository=x', 'config.a=1', 'ingress.enabled=true'],
      'ingress.hosts',
    ],
  ])('refuses %s and says why', (_, values, problem) => {
    expect(render(undefined, ...values).problem).toMatch(problem);
  });

  test('has the metrics read at their own port, under the name that the rules and the dashboard know', () => {
    const { resources } = render('file', 'serviceMonitor.enabled=true');
    const pods = podOf(resources).containers[0]?.ports;
    expect(pods).toContainEqual({ name: 'metrics', containerPort: 9100 });
    expect(resources.get('Service')?.spec['ports']).toContainEqual({
      name: 'metrics',
      port: 9100,
      targetPort: 'metrics',
    });
    for (const kind of ['ServiceMonitor', 'PodMonitor']) {
      const monitor = resources.get(kind)?.spec as unknown as Monitor;
      expect((monitor.endpoints ?? monitor.podMetricsEndpoints)?.[0]).toMatchObject({
        port: 'metrics',
        scheme: 'http',
      });
      // The value of the label becomes the job: job="llm-proxy".
      expect(resources.get('Service')?.metadata.labels[monitor.jobLabel]).toBe('llm-proxy');
    }
    const onMain = render('database').resources.get('ServiceMonitor')?.spec as unknown as Monitor;
    expect(onMain.endpoints?.[0]?.port).toBe('http');
    const elsewhere = render('database', 'metricsPort=9200').resources;
    expect(podOf(elsewhere).containers[0]?.ports).toContainEqual({ name: 'metrics', containerPort: 9200 });
  });

  test('brings the rules of deploy/prometheus as they are', async () => {
    const rules = parse(await Bun.file(join(CHART, '../../prometheus/rules.yml')).text()) as object;
    expect(render('database').resources.get('PrometheusRule')?.spec as object).toEqual(rules);
  });

  test('lets an Ingress reach the API alone', () => {
    const spec = render('file').resources.get('Ingress')?.spec as {
      rules: { host: string; http: { paths: { path: string }[] } }[];
    };
    expect(spec.rules.map(({ host, http }) => [host, ...http.paths.map(({ path }) => path)])).toEqual([
      ['llm.example.org', '/v1'],
    ]);
  });

  test('leads a Gateway to the API alone, and lets long answers last', () => {
    const spec = render('database').resources.get('HTTPRoute')?.spec as {
      rules: { matches: { path: { value: string } }[]; timeouts: object; backendRefs: object[] }[];
    };
    expect(spec.rules).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/v1' } }],
        timeouts: { request: '0s', backendRequest: '0s' },
        backendRefs: [{ name: 'edge-llm-proxy', port: 80 }],
      },
    ] as never);
  });

  test('sets up a Valkey that the Service of the gateway does not select, and that evicts nothing', () => {
    const valkey = render('database').all.filter(({ metadata }) => metadata.name === 'edge-llm-proxy-valkey');
    expect(valkey.map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Service']);
    const deployment = valkey.find(({ kind }) => kind === 'Deployment')!;
    const { metadata, spec } = deployment.spec['template'] as {
      metadata: { labels: Record<string, string> };
      spec: { containers: { args: string[] }[] };
    };
    expect(spec.containers[0]?.args.join(' ')).toContain('--maxmemory-policy noeviction');
    const selector = render('database').resources.get('Service')?.spec['selector'] as Record<string, string>;
    expect(Object.entries(selector).every(([name, value]) => metadata.labels[name] === value)).toBe(false);
    expect(render('file').all.some(({ metadata: { name } }) => name.endsWith('valkey'))).toBe(false);
  });

  test('names an image by its digest where there is one', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const { resources } = render('file', `image.digest=${digest}`);
    expect(podOf(resources).containers[0]?.image).toBe(`registry.example/llm-proxy@${digest}`);
  });
});

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: unknown;
  readonly containers: readonly {
    readonly image: string;
    readonly ports: readonly object[];
    readonly envFrom: unknown;
    readonly securityContext: unknown;
    readonly volumeMounts: readonly object[];
  }[];
}

function podOf(resources: Rendering['resources']): Pod {
  const deployment = resources.get('Deployment');
  if (deployment === undefined) throw new Error('the chart has no Deployment');
  return (deployment.spec['template'] as { spec: Pod }).spec;
}
