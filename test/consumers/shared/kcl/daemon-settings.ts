// The settings of one worker for tests of the daemon's properties file, and the reading of that file as Java reads it.
import type { DaemonSettings } from '../../../../consumers/shared/kcl/properties.ts';

export const settings: DaemonSettings = {
  stream: {
    name: 'flows',
    arn: 'arn:aws:kinesis:eu-west-3:123456789012:stream/flows',
    id: '123456789012.eu-west-3.flows',
    region: 'eu-west-3',
  },
  application: 'vpcflow',
  workerId: 'host-1',
  executable: '/run/launch',
  from: 'trim',
  retrieval: 'polling',
  overrides: {},
  environment: {},
};

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

const plain = (text: string): string =>
  text.replace(/\\(u([0-9a-f]{4})|.)/gs, (_, one: string, code?: string) =>
    code === undefined ? (CONTROLS[one] ?? one) : String.fromCharCode(Number.parseInt(code, 16)),
  );

/**
 * The parts of java.util.Properties' format that can occur: no comment, no continued line. A key ends at the first
 * space, `=` or `:`; then spaces, one `=` or `:`, and spaces are skipped.
 */
export const readProperties = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [, name, value] = /^((?:\\.|[^\\ =:])+)[ ]*[=:]?[ ]*(.*)$/s.exec(line) ?? [];
        if (name === undefined || value === undefined) throw new Error(`not a property: ${line}`);
        return [plain(name), plain(value)];
      }),
  );
