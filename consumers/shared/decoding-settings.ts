// Turns the options that decide how bytes become rows (--ports, --service-ports, --formats, --format) into Settings.
import { readFile } from 'node:fs/promises';
import { declaredFormat } from '../../pipeline/formats/format.ts';
import { type DeclaredRule, parseFormatsDocument } from '../../pipeline/formats/formats-document.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { Options } from './options.ts';
import { systemCode } from './store/failure.ts';

/** The same error, told of the place where it was found. */
const within = <T>(place: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    throw new VpcflowError(error.code, `${place}: ${error.message}`, { cause: error.cause, help: error.help });
  }
};

/**
 * The rules of a formats file, in its order: `{ "<log group or s3:// pattern>": "<LogFormat>", … }`.
 * @throws VF_BAD_FORMAT naming the file, the line, the pattern and what cannot be used; VF_SOURCE_UNREADABLE.
 */
export const readFormats = async (path: string, unknown: 'refuse' | 'skip'): Promise<readonly DeclaredRule[]> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const isDirectory = systemCode(error) === 'EISDIR';
    const what = isDirectory ? `the formats file ${path} is a directory` : `cannot read the formats file ${path}`;
    throw new VpcflowError('VF_SOURCE_UNREADABLE', what, { cause: error });
  }
  return within(path, () => parseFormatsDocument(text, unknown));
};

/**
 * Settings under which lines without a log group are of none.
 * @throws VF_BAD_FORMAT naming the first format that cannot be used; VF_SOURCE_UNREADABLE for the formats file.
 */
export const readSettings = async (
  options: Pick<Options, 'ports' | 'servicePorts' | 'formats' | 'logFormat' | 'unknownFields'>,
): Promise<Settings> => {
  const { ports, servicePorts, logFormat, unknownFields } = options;
  const rules = options.formats === null ? [] : await readFormats(options.formats, unknownFields);
  if (logFormat !== null) within('--format', () => declaredFormat(logFormat, unknownFields));
  const formats = rules.map(({ logGroup, format }) => ({ logGroup, format }));
  return { ports, servicePorts, formats, format: logFormat, logGroup: null };
};
