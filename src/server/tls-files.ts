import { readFileSync } from 'node:fs';
import type { ServerSettings } from '../config/snapshot.ts';
import { nodeModules } from '../lib/node-modules.ts';

/** A certificate with its chain, and its key, in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Why a certificate cannot be used; the message is printable. */
export class TlsProblem extends Error {}

/** Reads the files and checks that they belong together. Throws a `TlsProblem` that names the faulty file. */
export function readTlsFiles({ certFile, keyFile }: NonNullable<ServerSettings['tls']>): TlsPair {
  const cert = readText(certFile, 'server.tls.cert_file');
  const key = readText(keyFile, 'server.tls.key_file');
  const { createPrivateKey, X509Certificate } = nodeModules.crypto();
  const certificate = parsed(
    () => new X509Certificate(cert),
    `server.tls.cert_file: ${certFile} is not a PEM certificate`,
  );
  const privateKey = parsed(
    () => createPrivateKey(key),
    `server.tls.key_file: ${keyFile} is not a PEM private key`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsProblem(`server.tls: the key in ${keyFile} does not match the certificate in ${certFile}`);
  }
  return { cert, key };
}

function readText(path: string, setting: string): string {
  return parsed(() => readFileSync(path, 'utf8'), `${setting}: ${path} cannot be read`);
}

function parsed<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch {
    throw new TlsProblem(problem);
  }
}
