// Turns --application and the stream into the name under which a consumer keeps its checkpoints.
import { VpcflowError } from '../../schemas/errors.ts';
import type { StreamIdentity } from './kinesis.ts';

/** The consumers of a stream. */
export type Consumer = 'digest' | 'mirror';

/** What the embedded engine calls its checkpoints, which lie below the stream's own name, when nothing is given. */
const EMBEDDED: Readonly<Record<Consumer, string>> = { digest: 'vpcflow', mirror: 'vpcflow-mirror' };

/** What the default begins with under the engine kcl. */
export const defaultApplication = (consumer: Consumer): string => `vpcflow-${consumer}`;

/** Throws VF_USAGE for what cannot be a file's and a DynamoDB table's name. Needs no stream: asked before anything is done. */
export const checkApplication = (given: string | null, engine: 'embedded' | 'kcl'): void => {
  const shortest = engine === 'embedded' ? 1 : 3; // DynamoDB's own minimum
  if (given === null || (/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,99}$/.test(given) && given.length >= shortest)) return;
  const what = `--application ${JSON.stringify(given)} is not made of ${shortest} to 100 letters, digits and _.-`;
  throw new VpcflowError('VF_USAGE', what);
};

/**
 * What is given is taken as it is. With the engine kcl the application is the name of its lease table, in which shards
 * are known by their ids alone: two streams, or two consumers of one stream, must not share it, so that its default
 * names both. Throws VF_USAGE as `checkApplication` does.
 */
export const applicationName = (
  given: string | null,
  engine: 'embedded' | 'kcl',
  consumer: Consumer,
  stream: StreamIdentity,
): string => {
  checkApplication(given, engine);
  return given ?? (engine === 'embedded' ? EMBEDDED[consumer] : `${defaultApplication(consumer)}-${stream.name}`);
};
