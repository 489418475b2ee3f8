/**
 * Modules of Node.js that few gateways need: for TLS, or for bodies with a content coding. Each takes 1 to 4 MB of memory
 * and some milliseconds to load. An `import()` would make every caller wait.
 */
export const nodeModules = {
  crypto: () => process.getBuiltinModule('node:crypto'),
  zlib: () => process.getBuiltinModule('node:zlib'),
};
