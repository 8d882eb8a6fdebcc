// Turns a certificate and its key, two PEM files that are renewed while the server runs, into what TLS needs.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Log } from '../../shared/log.ts';
import { unreadable, WatchedFiles, warnIfOpen } from '../../shared/watched-files.ts';

export interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
}

/** PEM, checked: the key is that of the first certificate. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly names: string; // of the certificate
  readonly validTo: Date;
}

const CERTIFICATE_HELP = 'give --tls-cert a PEM file: the certificate of this server, then those that signed it';
const KEY_HELP = 'give --tls-key a PEM file: the private key of the certificate, without a passphrase';

const contentOf = async (path: string, what: string, help: string): Promise<Buffer> => {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(`${what} ${path}`, cause, help);
  }
};

/** Rejects with VF_SOURCE_UNREADABLE, or VF_USAGE for what is no pair. No message repeats what is in the key. */
export async function readTlsPair({ certificate: certPath, key: keyPath }: TlsPaths, log: Log): Promise<TlsPair> {
  const cert = await contentOf(certPath, 'the certificate', CERTIFICATE_HELP);
  const key = await contentOf(keyPath, 'the private key', KEY_HELP);
  const attempt = <T>(problem: string, help: string, step: () => T): T => {
    try {
      return step();
    } catch (cause) {
      throw new VpcflowError('VF_USAGE', problem, { cause, help });
    }
  };
  const first = attempt(`${certPath} holds no PEM certificate`, CERTIFICATE_HELP, () => new X509Certificate(cert));
  const secret = attempt(`${keyPath} holds no PEM key that can be read without a passphrase`, KEY_HELP, () =>
    createPrivateKey(key),
  );
  if (!first.checkPrivateKey(secret)) {
    throw new VpcflowError('VF_USAGE', `the key of ${keyPath} is not that of the certificate of ${certPath}`, {
      help: 'give the two files of one certificate',
    });
  }
  attempt(`${certPath} and ${keyPath} cannot be used for TLS`, CERTIFICATE_HELP, () =>
    createSecureContext({ cert, key }),
  );
  await warnIfOpen(keyPath, log);
  const names = first.subjectAltName ?? first.subject.replaceAll('\n', ', ');
  return { cert, key, names, validTo: first.validToDate };
}

/** The pair, read again when a file changes; while only one of the two has changed the pair stays as it was. */
export const openTlsFiles = (paths: TlsPaths, clock: Clock, log: Log): Promise<WatchedFiles<TlsPair>> =>
  WatchedFiles.open(
    {
      ...{ paths: [paths.certificate, paths.key], what: 'the certificate and its key' },
      read: () => readTlsPair(paths, log),
      told: ({ validTo }) => ({
        fields: { validTo: validTo.toISOString() },
        message: 'the certificate and its key were read again',
      }),
    },
    clock,
    log,
  );
