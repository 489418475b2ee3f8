/**
 * The program that `json-quote.ts` runs. JavaScript looks at a byte or four of them at a time, WebAssembly at 16
 * (its specification, release 2.0). `quoteModule` translates the words below, which are instructions, their numbers, and
 * variables: `name` reads one, `=name` sets it.
 */

/** Compares 16 of the 64 bytes at `at`. In the masks, bit n belongs to byte n. */
const COMPARE = `
  at v128.load 0 OFFSET =bytes
  slashes bytes backslash i8x16.eq i8x16.bitmask i64.extend_i32_u i64.const OFFSET i64.shl i64.or =slashes
  quotes bytes quote i8x16.eq i8x16.bitmask i64.extend_i32_u i64.const OFFSET i64.shl i64.or =quotes
`;

/**
 * From the masks, finds the bytes that are escaped, as simdjson does (`json_escape_scanner.h`). In a run of backslashes,
 * every second byte is escaped. The subtraction ends each run with a bit that tells where it began: at an odd or an
 * even place. `escaped` is 1 if the byte before is a backslash that escapes the first one.
 */
const JUDGE = `
  slashes escaped i64.const -1 i64.xor i64.and =starts
  starts i64.const 1 i64.shl odd i64.or starts i64.sub odd i64.xor =ends
  quotes ends slashes escaped i64.or i64.xor i64.const -1 i64.xor i64.and =quotes
  ends slashes i64.and =escapes
`;

const SEARCH = `
  i32.const 34 i8x16.splat =quote
  i32.const 92 i8x16.splat =backslash
  i64.const -6148914691236517206 =odd
  loop
    count at i32.sub =left
    left i32.const 0 i32.le_s
    if
      count escaped i32.wrap_i64 i32.add return
    end
    i64.const 0 =slashes
    i64.const 0 =quotes
    ${[0, 16, 32, 48].map((offset) => COMPARE.replaceAll('OFFSET', String(offset))).join('')}
    left i32.const 64 i32.lt_s
    if
      i64.const -1 i32.const 64 left i32.sub i64.extend_i32_u i64.shr_u =some
      slashes some i64.and =slashes
      quotes some i64.and =quotes
    end
    ${JUDGE}
    quotes i64.eqz i32.eqz
    if
      at quotes i64.ctz i32.wrap_i64 i32.add return
    end
    left i32.const 64 i32.lt_s
    if
      count escapes left i32.const 1 i32.sub i64.extend_i32_u i64.shr_u i64.const 1 i64.and i32.wrap_i64 i32.add return
    end
    escapes i64.const 63 i64.shr_u =escaped
    at i32.const 64 i32.add =at
    br 0
  end
  unreachable
end
`;

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;

/** The first one is the parameter of the function. */
const VARIABLES: ReadonlyMap<string, number> = new Map([
  ['count', I32],
  ['at', I32],
  ['left', I32],
  ['slashes', I64],
  ['quotes', I64],
  ['escaped', I64],
  ['starts', I64],
  ['ends', I64],
  ['escapes', I64],
  ['some', I64],
  ['odd', I64],
  ['bytes', V128],
  ['quote', V128],
  ['backslash', V128],
]);

const INSTRUCTIONS: ReadonlyMap<string, readonly number[]> = new Map([
  ['unreachable', [0x00]],
  // Neither a block nor a condition has a result.
  ['loop', [0x03, 0x40]],
  ['if', [0x04, 0x40]],
  ['end', [0x0b]],
  ['br', [0x0c]],
  ['return', [0x0f]],
  ['i32.const', [0x41]],
  ['i64.const', [0x42]],
  ['i32.eqz', [0x45]],
  ['i32.lt_s', [0x48]],
  ['i32.le_s', [0x4c]],
  ['i64.eqz', [0x50]],
  ['i32.add', [0x6a]],
  ['i32.sub', [0x6b]],
  ['i64.ctz', [0x7a]],
  ['i64.sub', [0x7d]],
  ['i64.and', [0x83]],
  ['i64.or', [0x84]],
  ['i64.xor', [0x85]],
  ['i64.shl', [0x86]],
  ['i64.shr_u', [0x88]],
  ['i32.wrap_i64', [0xa7]],
  ['i64.extend_i32_u', [0xad]],
  ['v128.load', [0xfd, 0x00]],
  ['i8x16.splat', [0xfd, 0x0f]],
  ['i8x16.eq', [0xfd, 0x23]],
  ['i8x16.bitmask', [0xfd, 0x64]],
]);

/**
 * A module with `memory`, of 64 KiB, and `find(count)`, which searches the first `count` bytes of it. It returns the offset
 * of the first quote that no backslash escapes. If there is none, it returns `count`, or one more if the last of these bytes
 * escapes the next.
 */
export function quoteModule(): Uint8Array<ArrayBuffer> {
  const locals = [...VARIABLES.values()].slice(1).map((type) => [1, type]);
  const body = [...vector(locals), ...SEARCH.trim().split(/\s+/).flatMap(codeOf)];
  const signature = [0x60, ...vector([[I32]]), ...vector([[I32]])];
  return Uint8Array.of(
    ...PREAMBLE,
    // The types, the functions' types, the memory's pages, the exports with their kinds, and the code.
    ...section(1, [signature]),
    ...section(3, [[0]]),
    ...section(5, [[0x00, 1]]),
    ...section(7, [
      [...nameOf('memory'), 0x02, 0],
      [...nameOf('find'), 0x00, 0],
    ]),
    ...section(10, [[...numberOf(BigInt(body.length)), ...body]]),
  );
}

/** A file's mark, `\0asm`, and its version. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function codeOf(word: string): readonly number[] {
  const instruction = INSTRUCTIONS.get(word);
  if (instruction !== undefined) return instruction;
  if (/^-?\d+$/.test(word)) return numberOf(BigInt(word));
  const isSet = word.startsWith('=');
  return [isSet ? 0x21 : 0x20, [...VARIABLES.keys()].indexOf(isSet ? word.slice(1) : word)];
}

/** In signed LEB128. A number that is not negative reads the same as an unsigned one. */
function numberOf(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = rest === ((low & 0x40) === 0 ? 0n : -1n);
  return isLast ? [low] : [low | 0x80, ...numberOf(rest)];
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = vector(entries);
  return [id, ...numberOf(BigInt(content.length)), ...content];
}

function vector(entries: readonly (readonly number[])[]): number[] {
  return [entries.length, ...entries.flat()];
}

function nameOf(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}
