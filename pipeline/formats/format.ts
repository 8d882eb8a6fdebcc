// Turns an AWS LogFormat string, or the header line of a flow-log file, into the fields that each token of a line holds.
import { VpcflowError } from '../../schemas/errors.ts';
import { FIELD_BY_ID, type Field } from '../../schemas/fields.ts';
import { nearestField } from './nearest-field.ts';

/** What the tokens of a line mean, in order. */
export interface Format {
  /** null: a field that we do not know; its tokens are skipped, and it is named in `unknown`. */
  readonly fields: readonly (Field | null)[];
  /** The ids of the fields that we do not know, in order. */
  readonly unknown: readonly string[];
  /** The format in AWS's own spelling: `${version} ${account-id} …`. Equal formats have equal texts. */
  readonly text: string;
}

const FIELD_ID = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;
const PLACEHOLDER = /^\$\{([^{}]*)\}$/;

/** Field ids are written with hyphens by AWS, with underscores by Parquet, Athena and most parsers. */
const hyphenated = (id: string): string => id.replaceAll('_', '-');

const formatOf = (ids: readonly string[]): Format => ({
  fields: ids.map((id) => FIELD_BY_ID.get(id) ?? null),
  unknown: ids.filter((id) => !FIELD_BY_ID.has(id)),
  text: ids.map((id) => `\${${id}}`).join(' '),
});

const repeated = (ids: readonly string[]): string | undefined => ids.find((id, at) => ids.indexOf(id) !== at);

const bad = (message: string, help?: string): VpcflowError =>
  new VpcflowError('VF_BAD_FORMAT', message, help === undefined ? {} : { help });

const SHOWN = 80; // characters of a token

/** What is wrong with a token that is no `${field-id}`, and what was meant. */
const malformed = (token: string): VpcflowError => {
  const shown = token.length > SHOWN ? `${token.slice(0, SHOWN)}…` : token;
  const message = `the format has the token '${shown}', which is no field`;
  const inside = token.match(/\$\{[^{}]*\}/g) ?? [];
  if (inside.length > 1) return bad(message, `put a space between the fields: '${inside.join(' ').slice(0, SHOWN)}'`);
  const nearest = nearestField(token);
  return nearest === null ? bad(message) : bad(message, `the nearest field is '\${${nearest}}'`);
};

/**
 * Reads a LogFormat as CreateFlowLogs takes it (`${field-id}` separated by spaces), or a header line of bare field
 * names. A well-formed field id that we do not know is kept as unknown, because AWS adds some every year.
 *
 * @throws VpcflowError VF_BAD_FORMAT when it is empty, has a token that is no field, a field twice, or no known field.
 */
export function parseFormat(logFormat: string): Format {
  const tokens = logFormat.split(/\s+/).filter((token) => token !== '');
  if (tokens.length === 0) throw bad('the format is empty');
  const header = headerFormat(tokens.join(' '));
  if (header !== null) return header;
  const ids = tokens.map((token) => {
    const id = PLACEHOLDER.exec(token)?.[1];
    if (id === undefined || !FIELD_ID.test(id)) throw malformed(token);
    return hyphenated(id);
  });
  const twice = repeated(ids);
  if (twice !== undefined) throw bad(`the format has the field '\${${twice}}' twice`);
  const format = formatOf(ids);
  if (format.unknown.length === ids.length) {
    const nearest = nearestField(ids[0]);
    const message = `the format has no known field, but '\${${ids[0]}}'`;
    throw nearest === null ? bad(message) : bad(message, `the nearest field is '\${${nearest}}'`);
  }
  return format;
}

/**
 * Reads a LogFormat that somebody declares. `unknown` says what becomes of a well-formed field id that we do not know.
 *
 * @throws VpcflowError VF_BAD_FORMAT as `parseFormat` does, and for an unknown field where those are refused: it names the
 * field and the nearest one that we know.
 */
export function declaredFormat(logFormat: string, unknown: 'refuse' | 'skip'): Format {
  const format = parseFormat(logFormat);
  const [id] = format.unknown;
  if (id === undefined || unknown === 'skip') return format;
  const nearest = nearestField(id);
  const skip = 'if AWS has added it since, pass --unknown-fields skip to leave it out';
  throw bad(
    `the format has the field '\${${id}}', which this version does not know`,
    nearest === null ? skip : `the nearest one is '\${${nearest}}'; ${skip}`,
  );
}

/**
 * The format that a header line declares, or null when the line is none: a header is made of distinct field names only
 * (hyphens or underscores), more than half of which are known. Never throws, as any line of a file may be asked about.
 */
export function headerFormat(line: string): Format | null {
  const tokens = line.split(' ').filter((token) => token !== '');
  if (tokens.length === 0 || !tokens.every((token) => FIELD_ID.test(token))) return null;
  const ids = tokens.map(hyphenated);
  const format = formatOf(ids);
  return 2 * format.unknown.length < ids.length && repeated(ids) === undefined ? format : null;
}
