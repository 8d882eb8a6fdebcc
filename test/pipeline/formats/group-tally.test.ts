// How the lines of each log group fare under its format, told by the decoder to the tally.
import { describe, expect, test } from 'vitest';
import { Decoder } from '../../../pipeline/decode/decode.ts';
import { UNDECLARED_FORMAT } from '../../../pipeline/formats/format-choice.ts';
import { GroupTally } from '../../../pipeline/formats/group-tally.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import { ARRIVAL, decodeRecords, envelope, flowLine, newTarget } from '../decode/decoded.ts';

const settings: Settings = {
  ...DEFAULT_SETTINGS,
  formats: [{ logGroup: 'short', format: '${srcaddr} ${dstaddr} ${start}' }],
};
const from = (logGroup: string, lines: readonly string[], firstId: number): string =>
  envelope(lines, { logGroup }, firstId);

describe('lines of log groups', () => {
  test('are counted with the group that they came with, in any mixture of records', async () => {
    const target = newTarget();
    await decodeRecords(
      [
        from('vpc', [flowLine(1), 'three tokens here', flowLine(2)], 0),
        flowLine(3),
        from('short', [flowLine(4), '10.0.0.1 10.0.0.2 1795183200'], 10),
        `${from('vpc', ['', flowLine(5)], 20)}${from('short', ['- - -'], 30)}`,
        'no line of ours\n2 a b c',
      ],
      settings,
      target,
    );
    expect(target.tally.groups()).toEqual([
      {
        ...{ logGroup: 'vpc', lines: 4, rejects: 1, byReason: { token_count: 1 } },
        ...{ format: DEFAULT_FORMAT, samples: ['three tokens here'] },
      },
      {
        ...{ logGroup: null, lines: 3, rejects: 2, byReason: { token_count: 2 } },
        ...{ format: DEFAULT_FORMAT, samples: ['no line of ours', '2 a b c'] },
      },
      {
        ...{ logGroup: 'short', lines: 3, rejects: 2, byReason: { token_count: 1, bad_time: 1 } },
        ...{ format: '${srcaddr} ${dstaddr} ${start}', samples: [flowLine(4), '- - -'] },
      },
    ]);
    const { lines } = target.tally;
    expect(target.tally.groups().reduce((sum, group) => sum + group.lines, 0)).toBe(lines);
  });

  test('are those of the tally that took them, where a target follows another within a record', () => {
    const decoder = new Decoder(settings);
    const [first, second] = [newTarget(), newTarget()];
    decoder.target = first;
    decoder.afterLine = () => {
      if (first.tally.lines === 2) decoder.target = second;
    };
    const data = Buffer.from(from('vpc', [flowLine(1), flowLine(2), 'x', flowLine(3), flowLine(4)], 0));
    decoder.decodeRecord({ data, arrival: ARRIVAL, source: 'record', partitionKey: 'p' });
    expect(first.tally.groups()).toMatchObject([{ logGroup: 'vpc', lines: 2, rejects: 0, format: null }]);
    expect(second.tally.groups()).toMatchObject([{ logGroup: 'vpc', lines: 3, rejects: 1 }]);
  });

  test('keep three samples, cut between characters, of what the format may be to blame for', () => {
    const tally = new GroupTally();
    const raw = Buffer.from('é'.repeat(300));
    for (const reason of ['bad_time', 'decoder_error', 'line_too_long', 'bad_time', 'bad_number', 'no_format'] as const)
      tally.reject(reason, UNDECLARED_FORMAT, raw);
    const [group] = tally.lines(6);
    expect(group).toMatchObject({ lines: 6, rejects: 4, byReason: { bad_time: 2, bad_number: 1, no_format: 1 } });
    expect(group?.samples).toEqual(Array(3).fill('é'.repeat(200)));
  });

  test('are told apart for a thousand groups', () => {
    const tally = new GroupTally();
    for (let i = 0; i < 1500; i++) {
      tally.use(`group-${i}`, i);
      tally.reject('token_count', UNDECLARED_FORMAT, Buffer.from('x'));
    }
    expect(tally.lines(1500)).toHaveLength(1000);
    expect(tally.lines(1500).every(({ lines, rejects }) => lines === 1 && rejects === 1)).toBe(true);
  });
});

test('fields of headers that we do not know are named once, as many as a source can have', async () => {
  const target = newTarget();
  const header = (unknown: readonly string[]) => `version account-id srcaddr dstaddr start ${unknown.join(' ')}`;
  const line = `11 123456789012 10.0.0.1 10.0.0.2 ${Math.floor(ARRIVAL / 1000)}`;
  const [one, two] = [header(['brand-new', 'mood']), header(['mood'])];
  const decoded = await decodeRecords([`${one}\n${line} x y\n${two}\n${line} z`, `${one}\n`], DEFAULT_SETTINGS, target);
  expect(decoded.counts).toMatchObject({ lines: 2, flows: 2 });
  expect(target.tally.unknownFields).toEqual(['brand-new', 'mood']);
  await decodeRecords(
    Array.from({ length: 100 }, (_, i) => header([`a${i}`, `b${i}`])),
    DEFAULT_SETTINGS,
    target,
  );
  expect(target.tally.unknownFields).toHaveLength(100);
});
