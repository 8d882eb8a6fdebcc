// Compares the scanners with JSON.parse and split, on any spelling of envelopes and any way of cutting them up.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Content } from '../../../pipeline/envelope/content.ts';
import { HEADER, Telling, type Told, toldOfObjects, toldOfText } from '../../reference/envelope.ts';
import { chunkSizes, cutUp, objectStream } from './arbitrary-envelopes.ts';

const scanned = (chunks: readonly Buffer[], asks = false): Told[] => {
  const sink = new Telling(asks);
  const content = new Content(sink);
  chunks.forEach((chunk, i) => {
    let p = content.scan(chunk, 0, chunk.length);
    for (let paused = content.paused; paused !== null; paused = content.paused) {
      const ahead = paused.fork();
      ahead.scan(chunk, p, chunk.length);
      for (let j = i + 1; !ahead.finished && j < chunks.length; j++) ahead.scan(chunks[j], 0, chunks[j].length);
      paused.resume(ahead);
      p = content.scan(chunk, p, chunk.length);
    }
  });
  if (content.failure !== null) sink.told.push(`failure ${content.failure.offset} ${content.failure.detail}`);
  else if (content.inside) sink.told.push(`truncated ${content.offset}`);
  else content.finish();
  const { unfinished } = content;
  if (unfinished !== null)
    sink.told.push(`unfinished ${unfinished.start} ${Buffer.from(unfinished.bytes).toString('latin1')}`);
  return sink.told;
};

describe('JSON objects', () => {
  test('are read as JSON.parse reads them', () => {
    fc.assert(
      fc.property(objectStream, (source) => {
        expect(scanned([Buffer.from(source)])).toEqual(toldOfObjects(source));
      }),
      { numRuns: 1000 },
    );
  });

  test('are read alike with a look-ahead at every envelope', () => {
    fc.assert(
      fc.property(objectStream, chunkSizes, (source, sizes) => {
        expect(scanned(cutUp(Buffer.from(source), sizes), true)).toEqual(toldOfObjects(source));
      }),
      { numRuns: 300 },
    );
  });

  test('are read alike however they are cut up', () => {
    fc.assert(
      fc.property(objectStream, chunkSizes, (source, sizes) => {
        expect(scanned(cutUp(Buffer.from(source), sizes))).toEqual(toldOfObjects(source));
      }),
      { numRuns: 500 },
    );
  });

  test('that are damaged anywhere are read alike however they are cut up', () => {
    fc.assert(
      fc.property(objectStream, chunkSizes, fc.nat(), fc.nat(255), fc.boolean(), (source, sizes, at, value, ends) => {
        const bytes = Buffer.from(source);
        const damaged = ends ? bytes.subarray(0, at % bytes.length) : bytes;
        if (!ends) damaged[at % bytes.length] = value;
        const whole = scanned([damaged]);
        expect(scanned(cutUp(damaged, sizes))).toEqual(whole);
        expect(scanned(cutUp(damaged, [1]))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test('say where they stop being JSON, and keep the rest', () => {
    const source = '{"message":"a"}{"message":"b"} , {"message":"c"}';
    expect(scanned([Buffer.from(source)])).toEqual([
      'message -1 a',
      'message -1 b',
      'failure 31 no JSON object follows the last',
      'unfinished 31 , {"message":"c"}',
    ]);
  });

  test('may nest a million deep in what nobody wants', () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    const source = `{"a":${deep},"message":"x"}`;
    expect(scanned(cutUp(Buffer.from(source), [65_536]))).toEqual(['message -1 x']);
  });

  test('have ids of 4 KiB at most, however they are cut up', () => {
    const header = '"messageType":"DATA_MESSAGE","owner":"o","logGroup":"g","logStream":"s"';
    const source = `{${header},"logEvents":[{"id":"${'7'.repeat(5000)}","timestamp":1702918083000,"message":"m"}]}`;
    const told = scanned([Buffer.from(source)]);
    expect(told.at(-1)).toContain(`"lastId":"${'7'.repeat(4096)}","count":1`);
    expect(scanned(cutUp(Buffer.from(source), [1000]))).toEqual(told);
  });

  test('have no member names from the prototype', () => {
    expect(scanned([Buffer.from('{"constructor":"x","__proto__":"y","message":"z"}')])).toEqual(['message -1 z']);
  });

  test.each([65_535, 65_536, 65_537, 200_000])('cut a message of %i bytes at 64 KiB', (length) => {
    const cut = length > 65_536 ? ' …' : '';
    const expected = [`message -1 ${'x'.repeat(Math.min(length, 65_536))}${cut}`];
    for (const escaped of [false, true]) {
      const text = escaped ? `\\u0078${'x'.repeat(length - 1)}` : 'x'.repeat(length);
      const bytes = Buffer.from(`{"message":"${text}"}`);
      expect(scanned([bytes])).toEqual(expected);
      expect(scanned(cutUp(bytes, [1000]))).toEqual(expected);
    }
  });
});

describe('raw lines', () => {
  const rawText = fc
    .array(fc.constantFrom('\n', '\r\n', ' ', 'a', 'é', '2 123 eni-1 OK', '', '{"x"'), { maxLength: 30 })
    .map((parts) => `x${parts.join('')}`);

  test('are what stands between line ends, however they are cut up', () => {
    fc.assert(
      fc.property(rawText, chunkSizes, (source, sizes) => {
        const told = toldOfText(source);
        expect(scanned([Buffer.from(source)])).toEqual(told);
        expect(scanned(cutUp(Buffer.from(source), sizes))).toEqual(told);
        expect(scanned(cutUp(Buffer.from(source), [1]))).toEqual(told);
      }),
    );
  });

  test('of 10 MB are cut at 64 KiB', () => {
    const bytes = Buffer.from(`a\n${'x'.repeat(10_000_000)}\nb`);
    const told = ['raw -1 a', `raw -1 ${'x'.repeat(65_536)} …`, 'raw -1 b'];
    expect(scanned([bytes])).toEqual(told);
    expect(scanned(cutUp(bytes, [100_000]))).toEqual(told);
  });

  test('may begin with a byte order mark and blanks', () => {
    expect(scanned(cutUp(Buffer.from('\ufeff \n a b\n'), [1]))).toEqual(['raw -1 a b']);
    expect(scanned([Buffer.from('\ufeff{"message":"m"}')])).toEqual(['message -1 m']);
    expect(scanned([Buffer.from(' \n')])).toEqual([]);
  });
});

describe('a header line', () => {
  const blanks = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 6 });

  test('may stand before JSON objects, however they are cut up', () => {
    fc.assert(
      fc.property(objectStream, chunkSizes, blanks, fc.constantFrom('\n', '\r\n', ' \n'), (source, sizes, gap, end) => {
        const objects = source.trimStart();
        fc.pre(objects.startsWith('{'));
        const [header, ...told] = scanned(cutUp(Buffer.from(`${HEADER}${end}${gap}${objects}`), sizes));
        expect(header).toBe(`raw -1 ${HEADER}${end.slice(0, -1)}`);
        expect(told).toEqual(toldOfObjects(objects));
      }),
      { numRuns: 300 },
    );
  });

  test('does not change what other lines are, nor does another line let objects follow', () => {
    const text = fc.string({ unit: fc.constantFrom('{', '}', '"', 'a', ' ', '\n', '\r'), maxLength: 60 });
    fc.assert(
      fc.property(text, chunkSizes, (rest, sizes) => {
        fc.pre(!rest.trimStart().startsWith('{'));
        const lines = (source: string): Told[] =>
          toldOfText(source).filter((line) => line.slice('raw -1 '.length).trim() !== '');
        const seen = scanned(cutUp(Buffer.from(`${HEADER}\n${rest}`), sizes)).filter(
          (line) => line.slice(7).trim() !== '',
        );
        const trimmed = (all: readonly Told[]): string[] => all.map((line) => line.slice(7).trimStart());
        expect(trimmed(seen)).toEqual(trimmed(lines(`${HEADER}\n${rest}`)));
        expect(scanned(cutUp(Buffer.from(`a\n{${rest}`), sizes))).toEqual(toldOfText(`a\n{${rest}`));
      }),
      { numRuns: 300 },
    );
  });
});
