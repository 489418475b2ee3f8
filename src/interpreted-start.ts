/** How many times as often code has to run before it is compiled. */
const RELUCTANCE = 20;

/** How long after it listens a gateway still does what it does only once. */
const STARTING_MS = 100;

/*
 * The entry points import this first. It leaves the code of a start to the interpreter, since hardly any of it runs
 * again: compiling it would take 4 MB of memory, which the compilers need as long as the process lives.
 */
Bun.unsafe.setJITPolicy(RELUCTANCE);

/** From now on, code is compiled as usual. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

/** Compiles as usual when the start is over. */
export function compileSoon(): void {
  setTimeout(compileAsUsual, STARTING_MS).unref();
}
