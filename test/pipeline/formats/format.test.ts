// Formats: LogFormat strings and header lines.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaredFormat, headerFormat, parseFormat } from '../../../pipeline/formats/format.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DEFAULT_FORMAT, FIELDS, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';

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

describe('what was meant', () => {
  it.each([
    ['${version} $srcaddr', "the nearest field is '${srcaddr}'"],
    ['${version} ${Src-Addr}', "the nearest field is '${srcaddr}'"],
    ['${version} {dst_port},', "the nearest field is '${dstport}'"],
    ['version ${srcaddr}', "the nearest field is '${version}'"],
    ['${version}${srcaddr}', "put a space between the fields: '${version} ${srcaddr}'"],
    ['${version} ${→}', 'give an AWS LogFormat string such as "${version} ${account-id} …"'],
  ])('by %j', (text, help) => {
    expect(failure(text).help).toBe(help);
  });

  it('is told of a long token without repeating it', () => {
    expect(failure(`\${version} ${'x'.repeat(100_000)}$`).sentence.length).toBeLessThan(300);
  });
});

describe('declaredFormat', () => {
  it('is parseFormat for fields that are known', () => {
    expect(declaredFormat(DEFAULT_FORMAT, 'refuse')).toEqual(parseFormat(DEFAULT_FORMAT));
  });

  it('refuses a field that is not known, or skips it', () => {
    const text = '${version} ${acount-id} ${mood}';
    expect(() => declaredFormat(text, 'refuse')).toThrow(
      expect.objectContaining({
        code: 'VF_BAD_FORMAT',
        message: "the format has the field '${acount-id}', which this version does not know",
        help: expect.stringContaining("the nearest one is '${account-id}'"),
      }),
    );
    expect(declaredFormat(text, 'skip').unknown).toEqual(['acount-id', 'mood']);
    expect(() => declaredFormat('version account-id srcaddr mood', 'refuse')).toThrow("'${mood}'");
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
