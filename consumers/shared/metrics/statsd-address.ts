// Turns `--statsd` and `--statsd-tags` into where metrics are sent and what every one of them carries.
import { VpcflowError } from '../../../schemas/errors.ts';

const DEFAULT_PORT = 8125;
/** Every line repeats them, and a line must fit into a packet. */
const MAX_TAG_BYTES = 600;

export interface StatsdAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`; the port is 8125 where there is none. Throws VF_USAGE. */
export const parseStatsdAddress = (text: string): StatsdAddress => {
  const match = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?))(?::(\d{1,5}))?$/i.exec(text);
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (match === null || port < 1 || port > 65_535) {
    const help = 'give HOST:PORT, such as localhost:8125 or [::1]:8125';
    throw new VpcflowError('VF_USAGE', `--statsd ${JSON.stringify(text)} is no address of a server`, { help });
  }
  return { host: match[1] ?? match[2], port };
};

/** The tags as they are sent. Throws VF_USAGE for one that would end early on the wire. */
export const parseStatsdTags = (tags: readonly string[]): readonly string[] => {
  const wrong = tags.filter((tag) => !/^[a-z][^\s|,#]*$/i.test(tag));
  const help = 'give tags such as env:prod, which begin with a letter and hold no space, comma, | or #';
  if (wrong.length > 0) {
    throw new VpcflowError('VF_USAGE', `--statsd-tags has ${wrong.map((tag) => JSON.stringify(tag)).join(', ')}`, {
      help,
    });
  }
  const bytes = Buffer.byteLength(tags.join());
  if (bytes > MAX_TAG_BYTES) {
    throw new VpcflowError('VF_USAGE', `--statsd-tags has ${bytes} bytes, more than ${MAX_TAG_BYTES}`, {
      help: 'give fewer or shorter tags',
    });
  }
  return tags;
};
