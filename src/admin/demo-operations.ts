import { z } from 'zod';
import type { JsonObject } from '../store/revision.ts';
import type { Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { DEMO_FAULTS, type DemoControls, type DemoFault } from './running/demo-controls.ts';

const FAULT = z.enum(Object.keys(DEMO_FAULTS) as [DemoFault, ...DemoFault[]]).nullable();

const demoSchema = z
  .object({
    traffic: z.object({ is_on: z.boolean(), requests_per_second: z.number() }),
    providers: z.array(z.object({ name: z.string(), fault: FAULT })),
    faults: z.array(z.object({ id: z.string(), title: z.string() })),
  })
  .meta({ id: 'Demo' });

const shared = { tag: 'demo', status: 200, answer: demoSchema } as const;

/** Operations of the demo: its traffic, and switches that break its providers. Outside the demo they answer 404. */
export const demoOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'get',
    path: '/demo',
    id: 'readDemo',
    summary: 'The demo',
    body: undefined,
    run: async (call) => ({ version: undefined, body: viewOf(controlsOf(call)) }),
  },
  {
    ...shared,
    method: 'put',
    path: '/demo/traffic',
    access: 'operator',
    id: 'setDemoTraffic',
    summary: 'Start or stop traffic',
    body: z
      .strictObject({
        is_on: z.boolean(),
        requests_per_second: z.number().min(0.1).max(50).optional(),
      })
      .meta({ id: 'DemoTraffic' }),
    example: { is_on: true, requests_per_second: 3 },
    run: async (call) => {
      const controls = controlsOf(call);
      const { is_on: isOn, requests_per_second: rate } = call.body;
      controls.setTraffic({
        isOn: isOn === true,
        requestsPerSecond: typeof rate === 'number' ? rate : controls.traffic().requestsPerSecond,
      });
      return { version: undefined, body: viewOf(controls) };
    },
  },
  {
    ...shared,
    method: 'put',
    path: '/demo/providers/{id}',
    access: 'operator',
    id: 'breakDemoProvider',
    summary: 'Set or clear the fault of a simulated provider',
    description: 'While a provider has a fault, failed routes cool down for five seconds.',
    body: z
      .strictObject({ fault: FAULT.meta({ description: 'null clears the fault.' }) })
      .meta({ id: 'DemoProvider' }),
    example: { fault: '500' },
    run: async (call) => {
      const controls = controlsOf(call);
      if (!controls.providers().some(({ name }) => name === call.id))
        throw new AdminProblem('not_found', `The demo has no provider "${call.id}".`);
      await controls.breakProvider(call.id, (call.body['fault'] as DemoFault | null) ?? undefined);
      return { version: undefined, body: viewOf(controls) };
    },
  },
];

function controlsOf({ services }: Call): DemoControls {
  if (services.demo !== undefined) return services.demo;
  throw new AdminProblem('not_found', 'This is not the demo.');
}

function viewOf(controls: DemoControls): JsonObject {
  const { isOn, requestsPerSecond } = controls.traffic();
  return {
    traffic: { is_on: isOn, requests_per_second: requestsPerSecond },
    providers: controls.providers().map(({ name, fault }) => ({ name, fault: fault ?? null })),
    faults: Object.entries(DEMO_FAULTS).map(([id, { title }]) => ({ id, title })),
  };
}
