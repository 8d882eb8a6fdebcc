// Formats: LogFormat strings and header lines.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerFormat, parseFormat } from '../../pipeline/format.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { DEFAULT_FORMAT, FIELDS, TRANSIT_GATEWAY_FORMAT } from '../../schemas/fields.ts';

const ids = (text: string): (string | null)[] => parseFormat(text).fields.map((field) => field?.id ?? null);

const failure = (text: string): VpcflowError => {
  try {
    parseFormat(text);
  } catch (error) {
    if (error instanceof VpcflowError) return error;
  }
  throw new Error(`'${text}' was taken`);
};

describe('parseFormat', () => {
  it('reads the default formats', () => {
    expect(parseFormat(DEFAULT_FORMAT)).toMatchObject({ text: DEFAULT_FORMAT, unknown: [] });
    expect(ids(DEFAULT_FORMAT)).toHaveLength(14);
    expect(parseFormat(TRANSIT_GATEWAY_FORMAT).text).toBe(TRANSIT_GATEWAY_FORMAT);
    expect(ids(TRANSIT_GATEWAY_FORMAT)).toHaveLength(36);
  });

  it('reads any fields in any order, and gives its text back', () => {
    const some = fc.shuffledSubarray(
      FIELDS.map((field) => field.id),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(some, (chosen) => {
        const text = chosen.map((id) => `\${${id}}`).join(' ');
        expect(ids(text)).toEqual(chosen);
        expect(parseFormat(text).text).toBe(text);
      }),
    );
  });

  it('names equal formats alike, however they are spelled', () => {
    const text = '${account-id} ${start}';
    for (const other of [
      '  ${account-id}   ${start}\n',
      '${account_id} ${start}',
      'account-id start',
      'account_id start',
    ]) {
      expect(parseFormat(other).text).toBe(text);
    }
  });

  it('keeps a field that it does not know as unknown', () => {
    const format = parseFormat('${version} ${quantum-state} ${start}');
    expect(format.fields.map((field) => field?.id ?? null)).toEqual(['version', null, 'start']);
    expect(format.unknown).toEqual(['quantum-state']);
    expect(format.text).toBe('${version} ${quantum-state} ${start}');
  });

  it.each([
    ['', 'empty'],
    [' \n', 'empty'],
    ['${version} srcaddr ${', "'srcaddr'"],
    ['${version} $srcaddr', "'$srcaddr'"],
    ['${version}${srcaddr}', "'${version}${srcaddr}'"],
    ['${}', "'${}'"],
    ['${Version}', "'${Version}'"],
    ['${version} ${start} ${start}', "'${start}' twice"],
    ['${version} ${account_id} ${account-id}', "'${account-id}' twice"],
    ['${new-field} ${new-field}', "'${new-field}' twice"],
    ['${new-field} ${newer}', "'${new-field}'"],
    ['nonsense words', "'nonsense'"],
    ['version version', "'version'"],
  ])('refuses %j', (text, named) => {
    expect(failure(text)).toMatchObject({ code: 'VF_BAD_FORMAT' });
    expect(failure(text).message).toContain(named);
  });
});

describe('headerFormat', () => {
  it('reads the header of a file, with hyphens or underscores', () => {
    const header = DEFAULT_FORMAT.replaceAll(/[${}]/g, '');
    expect(headerFormat(header)).toEqual(parseFormat(DEFAULT_FORMAT));
    expect(headerFormat(header.replaceAll('-', '_'))).toEqual(parseFormat(DEFAULT_FORMAT));
  });

  it('takes fields that it does not know, as long as most are known', () => {
    expect(headerFormat('version account-id brand-new')?.unknown).toEqual(['brand-new']);
    expect(headerFormat('version brand-new')).toBeNull();
  });

  it('is none for lines of values', () => {
    for (const line of [
      '',
      '-',
      '2 123456789010 eni-0a1b2c3d 198.51.100.1 192.0.2.1 443 49152 6 10 840 1763733600 1763733660 ACCEPT OK',
      '2 123456789010 eni-0a1b2c3d - - - - - - - 1763733600 1763733660 - NODATA',
      'version account-id 10.0.0.1',
      'hello world',
      'start start end',
      '${version} ${start}',
    ]) {
      expect(headerFormat(line)).toBeNull();
    }
  });
});
