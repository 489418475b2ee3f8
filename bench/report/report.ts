import { type Results, wasQuiet } from './results.ts';
import { workTables } from './tables.ts';
import { targetTable } from './targets.ts';

/** All results of one benchmark run, as Markdown, with the targets, for the gateway's developers. */
export function reportOf(results: Results): string {
  return [factsOf(results), '### Targets', targetTable(results), workTables(results)].join('\n\n');
}

/** The measurements without the targets, for the gateway's users. */
export function measurementsOf(results: Results): string {
  return [factsOf(results), workTables(results)].join('\n\n');
}

function factsOf(results: Results): string {
  const { machine, settings, versions, absent, loadAtStart, startedAt, minutes } = results;
  const facts = [
    `- ${startedAt.slice(0, 10)}, ${minutes.toFixed(0)} minutes; ${settings.rounds} rounds, in each of them every proxy twice, ${settings.seconds} s each time`,
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB; ${machine.system}, Linux ${machine.kernel}`,
    `- load of the machine when it began: ${loadAtStart.toFixed(2)}${wasQuiet(results) ? '' : ' (**it was not quiet**: the figures are not worth much)'}`,
    `- ${Object.entries(versions)
      .map(([name, version]) => `${name}: ${version}`)
      .join('; ')}`,
    ...Object.entries(absent).map(([name, why]) => `- not measured: ${name} (${why})`),
  ];
  return facts.join('\n');
}
