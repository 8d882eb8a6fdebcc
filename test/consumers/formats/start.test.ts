// A format that cannot be meant is refused before anything is read or written, by every command that takes one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runVpcflow } from '../../run-vpcflow.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = join(folder, 'lines.log');
writeFileSync(lines, '1795183205 10.0.0.1 calm\n');
const formats = join(folder, 'formats.json');
writeFileSync(formats, '{\n  "/vpc/*": "${start} ${srcaddr} ${mood}"\n}\n');
const store = join(folder, 'store');

describe('an unknown field', () => {
  test.each<[string, readonly string[]]>([
    ['digest', ['--stream', 'arn:aws:kinesis:eu-west-1:123456789012:stream/s', '--store', store]],
    ['up', ['--data', store, '--port', '0']],
  ])('of a formats file is refused by %s', async (command, args) => {
    const refused = await runVpcflow([command, ...args, '--formats', formats], { AWS_REGION: 'eu-west-1' });
    expect(refused).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `vpcflow: ${formats}: line 2: the rule "/vpc/*": the format has the field '\${mood}', which this version does not know; if AWS has added it since, pass --unknown-fields skip to leave it out (VF_BAD_FORMAT)\n`,
    });
    expect(existsSync(store)).toBe(false);
  });

  test('of --format is refused with the nearest one', async () => {
    const refused = await runVpcflow(['backfill', lines, '--store', store, '--format', '${start} ${scraddr}']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("the nearest one is '${srcaddr}'") });
    expect(existsSync(store)).toBe(false);
  });

  test('is left out when that is asked for', async () => {
    const format = '${start} ${srcaddr} ${mood}';
    const args = ['backfill', lines, '--store', store, '--format', format];
    const { status, stderr } = await runVpcflow([...args, '--unknown-fields', 'skip', '--dry-run']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('1 line: 1 flow, ')]);
  });
});
