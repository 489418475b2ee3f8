/**
 * Modules of Node.js that few gateways need: for TLS, for bodies with a content coding, or for addresses that are checked.
 * Each takes up to 4 MB of memory and some milliseconds to load. An `import()` would make every caller wait.
 */
export const nodeModules = {
  crypto: () => process.getBuiltinModule('node:crypto'),
  dns: () => process.getBuiltinModule('node:dns/promises'),
  zlib: () => process.getBuiltinModule('node:zlib'),
};
