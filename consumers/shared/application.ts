// Turns --application and the stream into the name under which a consumer keeps its checkpoints.
import { VpcflowError } from '../../schemas/errors.ts';
import type { StreamIdentity } from './kinesis.ts';

/** What the embedded engine calls its checkpoints, which lie below the stream's own name, when nothing is given. */
const EMBEDDED = 'vpcflow';

/**
 * What is given is taken as it is. With the engine kcl the application is the name of its lease table, in which shards
 * are known by their ids alone: two streams, or two consumers of one stream, must not share it, so that its default
 * names both. Throws VF_USAGE for what cannot be a file's and a DynamoDB table's name.
 */
export const applicationName = (
  given: string | null,
  engine: 'embedded' | 'kcl',
  consumer: 'digest',
  stream: StreamIdentity,
): string => {
  if (given === null) return engine === 'embedded' ? EMBEDDED : `vpcflow-${consumer}-${stream.name}`;
  const shortest = engine === 'embedded' ? 1 : 3; // DynamoDB's own minimum
  if (/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,99}$/.test(given) && given.length >= shortest) return given;
  const what = `--application ${JSON.stringify(given)} is not made of ${shortest} to 100 letters, digits and _.-`;
  throw new VpcflowError('VF_USAGE', what);
};
