// Turns a formats file into a line for each of its rules, or into the error that a reader of it would end with.
import { formatMany } from '../../pipeline/quantities.ts';
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../schemas/fields.ts';
import type { Run } from '../shared/command.ts';
import { readFormats } from '../shared/decoding-settings.ts';

const kindOf = (text: string): string => {
  if (text === DEFAULT_FORMAT) return ', the default';
  return text === TRANSIT_GATEWAY_FORMAT ? ', the default of transit gateways' : '';
};

/** `vpcflow formats check`: the rules in their order, since the first that matches wins. */
export const runCheck: Run = async ({ options, stdout }) => {
  const rules = await readFormats(options.formatsFile, options.unknownFields);
  for (const { logGroup, parsed } of rules) {
    const { fields, unknown, text } = parsed;
    const skipped = unknown.length === 0 ? '' : `, without ${unknown.join(', ')}`;
    stdout.write(`${logGroup}: ${formatMany(fields.length, 'field')}${kindOf(text)}${skipped}\n`);
  }
  if (rules.length === 0) stdout.write('no rule\n');
  return 0;
};
