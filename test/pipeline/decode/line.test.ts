// Lines and what is read from them, as golden cases found by reading the directory, and what no golden case can say.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineReader, type LineTime } from '../../../pipeline/decode/line.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { parseFormat } from '../../../pipeline/formats/format.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import { NO_TIME, readWith } from '../../reference/read-flow.ts';

const GOLDEN = join(import.meta.dirname, '../../golden/lines');

interface GoldenCase {
  readonly format: string;
  readonly settings: Settings;
  readonly time: LineTime;
}

/** A `.format` file: the LogFormat, then `name=value` lines for what is not the default. */
const readCase = (name: string): GoldenCase => {
  const [format, ...options] = readFileSync(join(GOLDEN, `${name}.format`), 'utf8')
    .trimEnd()
    .split('\n');
  const option = new Map(options.map((line): [string, string] => [line.split('=')[0], line.split('=')[1]]));
  return {
    format,
    settings: {
      ...DEFAULT_SETTINGS,
      ports: option.get('ports') === 'all' ? 'all' : 'service',
      servicePorts: (option.get('service-ports') ?? '').split(',').filter(Boolean).map(Number),
    },
    time: {
      eventTime: Number(option.get('event') ?? -1),
      arrival: Number(option.get('arrival') ?? -1),
      latestStart: Number(option.get('latest') ?? Number.POSITIVE_INFINITY),
    },
  };
};

/** One line of JSON for each line read, without the values that are NULL. */
const shown = (read: ReturnType<typeof readWith>): string => {
  const values = 'values' in read ? read.values : {};
  const present = Object.entries({ ...read, values: undefined, ...values }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return `${JSON.stringify(Object.fromEntries(present))}\n`;
};

describe('golden lines', () => {
  const cases = readdirSync(GOLDEN)
    .filter((file) => file.endsWith('.in'))
    .map((file) => file.slice(0, -'.in'.length));

  it.each(cases)('%s', (name) => {
    const { format, settings, time } = readCase(name);
    const reader = new LineReader(parseFormat(format), settings);
    const pool = new StringPool();
    const lines = readFileSync(join(GOLDEN, `${name}.in`), 'utf8')
      .trimEnd()
      .split('\n');
    const got = lines.map((line) => shown(readWith(reader, line, pool, time))).join('');
    const expected = readFileSync(join(GOLDEN, `${name}.out`), 'utf8');
    if (got !== expected) writeFileSync(join(GOLDEN, `${name}-changed.out`), got);
    expect(got).toBe(expected);
  });
});

describe('LineReader', () => {
  const line = (iface: string): string =>
    `2 111122223333 ${iface} 192.0.2.10 198.51.100.20 51034 443 6 12 3402 1763733605 1763733660 ACCEPT OK`;
  const reader = (): LineReader => new LineReader(parseFormat(DEFAULT_FORMAT), DEFAULT_SETTINGS);
  const ifaceOf = (read: ReturnType<typeof readWith>) => ('values' in read ? read.values.interface_id : read.reason);

  it('tells texts of any length apart, however alike', () => {
    const pool = new StringPool();
    const shared = reader();
    for (const length of [1, 63, 64, 65, 127, 128, 129, 5000]) {
      for (const tail of ['a', 'b', 'b', 'ab', '']) {
        const iface = 'x'.repeat(length) + tail;
        expect(ifaceOf(readWith(shared, line(iface), pool))).toBe(iface);
      }
    }
  });

  it('tells the texts of neighbouring fields apart, however long', () => {
    const pool = new StringPool();
    const shared = reader();
    for (const account of ['a', `${'a'.repeat(64)}zz`, 'a', `${'a'.repeat(66)}`, 'b']) {
      for (const iface of ['zz', 'aa', 'qq', 'qq']) {
        const read = readWith(shared, line(iface).replace('111122223333', account), pool);
        expect(read).toMatchObject({ values: { account_id: account, interface_id: iface } });
      }
    }
  });

  it('rejects a text that is not UTF-8, and keeps every one that is', () => {
    const bytes = (iface: readonly number[]) => {
      const [before, after] = line('|').split('|');
      return Buffer.concat([Buffer.from(before), Buffer.from(iface), Buffer.from(after)]);
    };
    expect(ifaceOf(readWith(reader(), bytes([0xc3, 0xa9]), new StringPool()))).toBe('é');
    for (const wrong of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expect(readWith(reader(), bytes(wrong), new StringPool())).toMatchObject({
        outcome: 'REJECT',
        reason: 'no_format',
        detail: expect.stringContaining('interface-id'),
      });
    }
  });

  it('leaves nothing in the pool of a line that it rejects', () => {
    const pool = new StringPool();
    readWith(reader(), line('eni-1').replace('ACCEPT', 'MAYBE'), pool);
    readWith(reader(), line('eni-1').replace('1763733605', '5'), pool);
    expect(pool.size).toBe(0);
  });

  it('interns anew when it is given another pool', () => {
    const shared = reader();
    const pools = [new StringPool(), new StringPool()];
    pools[1].internText('in the way of equal ids');
    for (const pool of [...pools, ...pools]) {
      expect(readWith(shared, line('eni-1'), pool)).toMatchObject({
        values: { interface_id: 'eni-1', srcaddr: '192.0.2.10', account_id: '111122223333' },
      });
    }
  });

  it('takes a line at exactly the latest start, and none after it', () => {
    const at = (latestStart: number) =>
      readWith(reader(), line('eni-1'), new StringPool(), { ...NO_TIME, latestStart });
    expect(at(1_763_733_605)).toMatchObject({ outcome: 'OK' });
    expect(at(1_763_733_604)).toMatchObject({ outcome: 'REJECT', reason: 'bad_time' });
  });

  it('takes outer spaces for nothing, and no bytes for no tokens', () => {
    expect(readWith(reader(), `  ${line('eni-1')}   `, new StringPool())).toMatchObject({ outcome: 'OK' });
    for (const empty of ['', '   ']) {
      expect(readWith(reader(), empty, new StringPool())).toMatchObject({ outcome: 'REJECT', reason: 'token_count' });
    }
  });
});
