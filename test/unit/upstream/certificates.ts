import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of `openssl`. Null if it is not installed; then no certificate can be created. */
export const OPENSSL = Bun.which('openssl');

interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A private certificate authority, and the certificates that it has signed. */
export interface Certificates {
  readonly caFile: string;
  readonly localhost: Identity;
  /** For another host. */
  readonly elsewhere: Identity;
  readonly expired: Identity;
  /** For localhost, by its common name alone: it has no subject alternative name. */
  readonly commonName: Identity;
}

let made: Certificates | undefined;

/** Created once, with `openssl`. */
export function makeCertificates(): Certificates {
  made ??= make(mkdtempSync(join(tmpdir(), 'llm-proxy-certificates-')));
  return made;
}

function make(folder: string): Certificates {
  const openssl = (...args: readonly string[]): void => {
    const { exitCode, stderr } = Bun.spawnSync([OPENSSL ?? '', ...args], { cwd: folder });
    if (exitCode !== 0) throw new Error(String(stderr));
  };
  openssl(
    ...'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority'.split(' '),
  );
  const certify = (
    name: string,
    host: string,
    days: string,
    extension = `subjectAltName=DNS:${host}`,
  ): Identity => {
    openssl(
      ...`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${host}`.split(' '),
    );
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl(
      ...`x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -extfile ${name}.ext`.split(
        ' ',
      ),
      '-days',
      days,
    );
    const read = (ending: string): string => readFileSync(join(folder, `${name}.${ending}`), 'utf8');
    return { cert: read('pem'), key: read('key') };
  };
  return {
    caFile: join(folder, 'ca.pem'),
    localhost: certify('localhost', 'localhost', '2'),
    elsewhere: certify('elsewhere', 'elsewhere.example', '2'),
    expired: certify('expired', 'localhost', '-1'),
    commonName: certify('common-name', 'localhost', '2', 'basicConstraints=CA:FALSE'),
  };
}
