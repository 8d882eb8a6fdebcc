// Looks at this machine: Node, the formats file, and what the Kinesis Client Library needs, which is Java and its jars.

import packageJson from '../../package.json' with { type: 'json' };
import { formatMany } from '../../pipeline/quantities.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import { findJars } from '../shared/kcl/jars.ts';
import { checkJava } from '../shared/kcl/java.ts';
import { checkProperties } from '../shared/kcl/properties.ts';
import { type Finding, fix, ok, unchecked } from './check.ts';
import type { Examination } from './examination.ts';

/** Whether a version such as 24.21.0 is at least the one that `>=24.18` asks for. */
export const isAtLeast = (version: string, range: string): boolean => {
  const numbers = (text: string): readonly number[] => (text.match(/\d+/g) ?? []).map(Number);
  const [have, need] = [numbers(version), numbers(range)];
  const differing = need.findIndex((number, i) => (have[i] ?? 0) !== number);
  return differing === -1 || (have[differing] ?? 0) > need[differing]!;
};

const checkNode = (): Finding => {
  const { version } = process;
  const { node } = packageJson.engines;
  if (isAtLeast(version, node)) return ok('node', `${version} runs this vpcflow (it needs ${node})`);
  return fix('node', `${version} is too old: vpcflow needs ${node}`, 'install Node 24, or use the container image');
};

/** The error's own sentence where it is ours, without its code. */
const said = (error: unknown): { readonly what: string; readonly help: string } => {
  if (error instanceof VpcflowError) return { what: error.message, help: error.help };
  return { what: error instanceof Error ? error.message : String(error), help: 'see what the system says' };
};

/** One of the things that only the Client Library needs: without that engine its absence is no fault. */
const checkPart = async (area: string, needed: boolean, find: () => Promise<string>): Promise<Finding> => {
  try {
    return ok(area, await find());
  } catch (error) {
    const { what, help } = said(error);
    return needed ? fix(area, what, help) : unchecked(area, `${what} (needed only with --engine kcl)`);
  }
};

const checkFormats = async ({ options }: Examination): Promise<Finding> => {
  if (options.formats === null) return ok('formats', 'no --formats: the default version 2 and transit gateway formats');
  try {
    const { formats } = await readSettings(options);
    return ok('formats', `${options.formats} declares ${formatMany(formats.length, 'format')}`);
  } catch (error) {
    const { what, help } = said(error);
    return fix('formats', what, help);
  }
};

/** The daemon itself ignores what it does not know, so that a wrong property would go unseen. */
const checkKcl = ({ options }: Examination): readonly Finding[] => {
  const { engine, application, retrieval, kcl } = options;
  const given = Object.keys(kcl).length;
  if (engine !== 'kcl' || given === 0) return [];
  try {
    checkProperties({ application: application ?? 'vpcflow-digest', retrieval, overrides: kcl });
    return [ok('kcl', `${formatMany(given, 'property', 'properties')} of --kcl can be used`)];
  } catch (error) {
    const { what, help } = said(error);
    return [fix('kcl', what, help)];
  }
};

/** In the order of the report. */
export const checkHere = async (examination: Examination): Promise<readonly Finding[]> => {
  const { options, environment } = examination;
  const needed = options.engine === 'kcl';
  const findings = await Promise.all([
    checkNode(),
    checkFormats(examination),
    checkPart('java', needed, async () => {
      const { path, version } = await checkJava(options.java, environment);
      return `${path} is Java ${version}`;
    }),
    checkPart(
      'jars',
      needed,
      async () => `those of the Client Library are in ${await findJars(options.kclJars, environment)}`,
    ),
  ]);
  return [...findings, ...checkKcl(examination)];
};
