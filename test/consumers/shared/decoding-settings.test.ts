// The options that decide how lines are decoded, against the settings under which epochs are claimed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSettings } from '../../../consumers/shared/decoding-settings.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const formatsFile = (content: string): string => {
  const path = join(folder, 'formats.json');
  writeFileSync(path, content);
  return path;
};

const nothing = {
  ports: 'service',
  servicePorts: [],
  formats: null,
  logFormat: null,
  unknownFields: 'refuse',
} as const;

test('no option gives the default settings', async () => {
  expect(await readSettings(nothing)).toEqual(DEFAULT_SETTINGS);
});

test('the patterns of a formats file keep their order, because the first match wins', async () => {
  const formats = formatsFile('{"vpc/prod-*": "${start} ${srcaddr}", "7": "${end}", "*": "${version} ${srcaddr}"}');
  expect((await readSettings({ ...nothing, formats })).formats).toEqual([
    { logGroup: 'vpc/prod-*', format: '${start} ${srcaddr}' },
    { logGroup: '7', format: '${end}' },
    { logGroup: '*', format: '${version} ${srcaddr}' },
  ]);
});

test.each(['', '[]', '{"a": 1}', '{"": "${start}"}', '{"a": "no fields"}', 'null'])(
  'a formats file that declares nothing usable is refused: %s',
  async (content) => {
    await expect(readSettings({ ...nothing, formats: formatsFile(content) })).rejects.toMatchObject({
      code: 'VF_BAD_FORMAT',
    });
  },
);

test('a formats file of another shape is told its own', async () => {
  await expect(readSettings({ ...nothing, formats: formatsFile('["${start}"]') })).rejects.toMatchObject({
    help: 'write it as {"/log/group*": "${version} ${account-id} …"}',
  });
});

test('a missing formats file and a bad --format are refused before anything is read', async () => {
  await expect(readSettings({ ...nothing, formats: join(folder, 'none.json') })).rejects.toMatchObject({
    code: 'VF_SOURCE_UNREADABLE',
  });
  await expect(readSettings({ ...nothing, logFormat: 'nonsense' })).rejects.toMatchObject({ code: 'VF_BAD_FORMAT' });
});

test('a field that is not known is named with its rule, its file and the nearest field, or left out when that is asked for', async () => {
  const formats = formatsFile('{\n  "/vpc/a": "${start} ${srcaddr}",\n  "/vpc/*": "${start} ${srcadr}"\n}');
  await expect(readSettings({ ...nothing, formats })).rejects.toMatchObject({
    code: 'VF_BAD_FORMAT',
    sentence: `${formats}: line 3: the rule "/vpc/*": the format has the field '\${srcadr}', which this version does not know; the nearest one is '\${srcaddr}'; if AWS has added it since, pass --unknown-fields skip to leave it out (VF_BAD_FORMAT)`,
  });
  const skipping = { ...nothing, formats, unknownFields: 'skip' } as const;
  expect((await readSettings(skipping)).formats).toHaveLength(2);
  await expect(readSettings({ ...nothing, logFormat: '${start} ${quantum-state}' })).rejects.toMatchObject({
    message: "--format: the format has the field '${quantum-state}', which this version does not know",
    help: 'if AWS has added it since, pass --unknown-fields skip to leave it out',
  });
});

test('what is skipped leaves no trace in the settings: their hash is that of the format', async () => {
  const logFormat = '${start} ${quantum-state}';
  const settings = await readSettings({ ...nothing, logFormat, unknownFields: 'skip' });
  expect(settings).toEqual({ ...DEFAULT_SETTINGS, format: logFormat });
});
