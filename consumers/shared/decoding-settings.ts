// Turns the options that decide how bytes become rows (--ports, --service-ports, --formats, --format) into Settings.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseFormat } from '../../pipeline/format.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { FormatRule, Settings } from '../../schemas/settings.ts';
import type { Options } from './options.ts';

/** `{ "<log group pattern>": "<LogFormat>", … }`; the first pattern that matches a log group wins, `*` is any run. */
const formatsDocument = z.record(z.string().min(1), z.string());

const readFormats = async (path: string): Promise<readonly FormatRule[]> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read the formats file ${path}`, { cause: error });
  }
  try {
    const document = formatsDocument.parse(JSON.parse(text));
    return Object.entries(document).map(([logGroup, format]) => ({ logGroup, format }));
  } catch (error) {
    throw new VpcflowError('VF_BAD_FORMAT', `${path} is no JSON object of log group patterns and LogFormat strings`, {
      cause: error,
      help: 'write it as {"/log/group*": "${version} ${account-id} …"}',
    });
  }
};

/**
 * Settings under which lines without a log group are of none.
 * @throws VF_BAD_FORMAT naming the first format that cannot be used; VF_SOURCE_UNREADABLE for the formats file.
 */
export const readSettings = async (
  options: Pick<Options, 'ports' | 'servicePorts' | 'formats' | 'logFormat'>,
): Promise<Settings> => {
  const formats = options.formats === null ? [] : await readFormats(options.formats);
  for (const format of [
    ...formats.map((rule) => rule.format),
    ...(options.logFormat === null ? [] : [options.logFormat]),
  ]) {
    parseFormat(format);
  }
  const { ports, servicePorts, logFormat } = options;
  return { ports, servicePorts, formats, format: logFormat, logGroup: null };
};
