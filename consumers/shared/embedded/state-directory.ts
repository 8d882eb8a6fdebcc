// Turns the place of a store into the directory in which the embedded engine keeps its own state.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StreamIdentity } from '../kinesis.ts';
import { DirectoryStore } from '../store/directory.ts';
import { Checkpoints } from './checkpoints.ts';

/** Beside the tables of a directory store; its first letter keeps it out of every listing. */
const STATE = '.vpcflow';

/** `DIR/.vpcflow` of a directory store. For a store in S3 it is that of `data`, a local directory. */
export const stateDirectory = (storeUri: string, data: string): string => {
  if (storeUri.startsWith('s3:')) return resolve(data, STATE);
  return resolve(storeUri.startsWith('file:') ? fileURLToPath(storeUri) : storeUri, STATE);
};

/** The checkpoints of an application on a stream, as files under `checkpoints/` of the state directory. */
export const openCheckpoints = (state: string, application: string, stream: StreamIdentity): Checkpoints =>
  new Checkpoints(new DirectoryStore(join(state, 'checkpoints')), application, stream.id);
