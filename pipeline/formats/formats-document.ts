// Turns the text of a formats file into its rules in their order, and rules into such a text.
import { VpcflowError } from '../../schemas/errors.ts';
import type { FormatRule } from '../../schemas/settings.ts';
import { declaredFormat, type Format } from './format.ts';
import { formatRuleMatches } from './format-choice.ts';

/** A rule, where it stands, and what its lines hold. */
export interface DeclaredRule extends FormatRule {
  readonly line: number; // of the file, 1-based
  readonly parsed: Format;
}

const SHAPE = 'write it as {"/log/group*": "${version} ${account-id} …"}';

const bad = (message: string, help: string): VpcflowError => new VpcflowError('VF_BAD_FORMAT', message, { help });

/** Patterns that begin so are for objects, and compared with `s3://bucket/key`; all others are for log groups. */
export const isObjectPattern = (pattern: string): boolean => pattern.startsWith('s3://');

interface Member {
  readonly key: string;
  readonly line: number;
}

/**
 * The keys of a JSON object in their order, also where one is repeated or is a number, both of which JSON.parse hides.
 * `text` must be the JSON of an object whose values are strings.
 */
const membersOf = (text: string): readonly Member[] => {
  const members: Member[] = [];
  let line = 1;
  let isKey = true;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\n/g)) {
    if (token === '\n') {
      line++;
      continue;
    }
    if (isKey) members.push({ key: String(JSON.parse(token)), line });
    isKey = !isKey;
  }
  return members;
};

const objectOf = (text: string): ReadonlyMap<string, string> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`it is no JSON (${error instanceof Error ? error.message : error})`, SHAPE);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('it is no JSON object of log group patterns and LogFormat strings', SHAPE);
  }
  const entries = Object.entries(value).map(([pattern, format]): [string, string] => {
    if (typeof format !== 'string') throw bad(`the value of "${pattern}" is no LogFormat string`, SHAPE);
    return [pattern, format];
  });
  return new Map(entries);
};

/** Whether every name that matches `later` matches `earlier`, too: only a `*` takes in what a `*` stands for. */
export const takesAllOf = (earlier: string, later: string): boolean =>
  isObjectPattern(earlier) === isObjectPattern(later) && formatRuleMatches(earlier, later);

/**
 * The rules of a formats file, `{ "<pattern>": "<LogFormat>", … }`, in its order, since the first that matches wins.
 *
 * @throws VpcflowError VF_BAD_FORMAT, told without the file's name: no such object; a pattern that is empty, given twice,
 * or never reached because an earlier one takes all that it matches; a format that `declaredFormat` refuses.
 */
export function parseFormatsDocument(text: string, unknown: 'refuse' | 'skip'): readonly DeclaredRule[] {
  const formats = objectOf(text);
  const rules: DeclaredRule[] = [];
  for (const { key: logGroup, line } of membersOf(text)) {
    if (logGroup === '') throw bad(`line ${line}: a pattern is empty`, 'name a log group, or * for all');
    const same = rules.find((rule) => rule.logGroup === logGroup);
    if (same !== undefined) {
      throw bad(`the pattern "${logGroup}" is on line ${same.line} and again on line ${line}`, 'remove one of them');
    }
    const earlier = rules.find((rule) => takesAllOf(rule.logGroup, logGroup));
    if (earlier !== undefined) {
      throw bad(
        `line ${line}: the rule "${logGroup}" is never reached, because "${earlier.logGroup}" on line ${earlier.line} takes all that it matches`,
        `move "${logGroup}" above "${earlier.logGroup}", or remove it`,
      );
    }
    const format = formats.get(logGroup) ?? '';
    rules.push({ logGroup, format, line, parsed: ruleFormat(logGroup, line, format, unknown) });
  }
  return rules;
}

const ruleFormat = (logGroup: string, line: number, format: string, unknown: 'refuse' | 'skip'): Format => {
  try {
    return declaredFormat(format, unknown);
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    throw bad(`line ${line}: the rule "${logGroup}": ${error.message}`, error.help);
  }
};

/** A formats file with a rule on each line, for `parseFormatsDocument` to read again. */
export const formatsText = (rules: readonly FormatRule[]): string => {
  const members = rules.map(({ logGroup, format }) => `  ${JSON.stringify(logGroup)}: ${JSON.stringify(format)}`);
  return members.length === 0 ? '{}\n' : `{\n${members.join(',\n')}\n}\n`;
};
