// Turns the header X-Amz-Firehose-Common-Attributes into the format that it declares for the lines of its Firehose stream.
// Shape: {"commonAttributes":{"name":"value"}}, 0 to 50 of them, names of 1 to 256 characters, values of 0 to 1024.
import { VpcflowError } from '../../schemas/errors.ts';
import { declaredFormat, type Format, headerFormat } from '../formats/format.ts';
import { type Refusal, refuse } from './refusal.ts';

/** The one attribute that means something here; the others are nobody's, and left alone. */
const FORMAT_ATTRIBUTE = 'vpcflow-format';

const HEADER = 'X-Amz-Firehose-Common-Attributes';
const MAX_ATTRIBUTES = 50;
const MAX_NAME = 256;
const MAX_VALUE = 1024;

/** What a stream's attributes say of its lines. */
export interface Declared {
  /** A header line for the decoder, or null: the lines are of the settings' formats. */
  readonly headerLine: string | null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (what: string): Refusal => refuse(400, `the header ${HEADER} ${what}`);

const attributesOf = (header: string): Readonly<Record<string, unknown>> | null => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'latin1').toString()); // as Node reads the bytes of a header
    if (!isObject(parsed)) return null;
    const { commonAttributes } = parsed;
    return isObject(commonAttributes) ? commonAttributes : null;
  } catch {
    return null;
  }
};

/** `version account-id …`: what `headerFormat` reads back. */
const headerLineOf = ({ text }: Format): string => text.replace(/[${}]/g, '');

const headerLine = (text: string, unknownFields: 'refuse' | 'skip'): Declared | Refusal => {
  try {
    const line = headerLineOf(declaredFormat(text, unknownFields));
    // What the decoder would not take for a header it would count as a line.
    if (headerFormat(line) === null) return bad(`declares '${FORMAT_ATTRIBUTE}' with too few fields that are known`);
    return { headerLine: line };
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    return bad(`declares a bad '${FORMAT_ATTRIBUTE}': ${error.message}; ${error.help}`);
  }
};

/** Of the header as it came (undefined: it did not). */
export const parseCommonAttributes = (
  header: string | undefined,
  unknownFields: 'refuse' | 'skip',
): Declared | Refusal => {
  if (header === undefined) return { headerLine: null };
  const attributes = attributesOf(header);
  if (attributes === null) return bad('is no {"commonAttributes":{…}}');
  const all = Object.entries(attributes);
  if (all.length > MAX_ATTRIBUTES) return bad(`has ${all.length} attributes, more than ${MAX_ATTRIBUTES}`);
  for (const [name, value] of all) {
    if (name.length < 1 || name.length > MAX_NAME) return bad(`has a name of ${name.length} characters`);
    if (typeof value !== 'string' || value.length > MAX_VALUE)
      return bad(`has a value for '${name}' that is no text of at most ${MAX_VALUE} characters`);
  }
  const format = all.find(([name]) => name === FORMAT_ATTRIBUTE)?.[1];
  return typeof format === 'string' ? headerLine(format, unknownFields) : { headerLine: null };
};
