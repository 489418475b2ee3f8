/**
 * Modules of Node.js that few gateways need: for TLS, bodies with a content coding, checked addresses, or unusual arguments.
 * Each takes up to 4 MB of memory and some milliseconds to load. An `import()` would make every caller wait.
 */
export const nodeModules = {
  crypto: () => process.getBuiltinModule('node:crypto'),
  dns: () => process.getBuiltinModule('node:dns/promises'),
  util: () => process.getBuiltinModule('node:util'),
  zlib: () => process.getBuiltinModule('node:zlib'),
};
