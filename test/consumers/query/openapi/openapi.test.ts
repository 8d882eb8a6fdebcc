// /openapi.json is valid OpenAPI 3.1 and whole; what the routes answer is what it says, statuses, types and bodies.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { schemaText } from '../../../../consumers/query/docs/api-document.ts';
import { BODIES } from '../../../../consumers/query/openapi/bodies.ts';
import { ERRORS } from '../../../../schemas/errors.ts';
import { HOUR, serving } from '../serving.ts';

const { start } = serving();

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly example?: unknown;
    readonly schema: Readonly<Record<string, unknown>>;
  }[];
  readonly responses: Readonly<Record<string, Response_>>;
}

interface Response_ {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Readonly<Record<string, unknown>> }>>;
}

interface Document_ {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

let url: string;
let document: Document_;

beforeEach(async () => {
  ({ url } = await start());
  document = (await (await fetch(`${url}/openapi.json`)).json()) as Document_;
});

const operations = (): readonly (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(document) as object as Record<string, unknown>)).toEqual({
      valid: true,
    });
  });

  test('has every question of the service', () => {
    const names = operations().map(([name]) => name);
    const windows = [
      'rows',
      'graph',
      'diff',
      'series',
      'coverage',
      'audit',
      'mirroring/sessions',
      'filter/complete',
    ].map((n) => `get /v1/${n}`);
    const predecessor = ['post /digest', 'get /digest', 'post /graph', 'get /graph', 'post /jobs'];
    const operation = ['healthz', 'readyz', 'metrics', 'openapi.json', 'docs'].map((name) => `get /${name}`);
    expect(names).toEqual(expect.arrayContaining([...windows, ...predecessor, ...operation]));
  });

  test('says of every operation what it is, and of every parameter what it may hold', () => {
    const ids = new Set<string>();
    const tags = document.tags.map(({ name }) => name);
    for (const [name, { operationId, summary, tags: own, parameters = [], responses, security }] of operations()) {
      expect(summary, name).toMatch(/\S/);
      expect(tags, name).toEqual(expect.arrayContaining([...own]));
      expect(own, name).toHaveLength(1);
      ids.add(operationId);
      expect(security.length, name).toBeGreaterThan(0);
      for (const parameter of parameters) {
        expect(parameter.description, `${name} ${parameter.name}`).toMatch(/\S/);
        expect(schemaText(parameter.schema), `${name} ${parameter.name}`).toMatch(/\S/);
      }
      for (const [status, { description, headers }] of Object.entries(responses)) {
        expect(description, `${name} ${status}`).not.toBe('Default Response');
        expect(headers, `${name} ${status}`).toHaveProperty('x-request-id');
      }
      for (const status of [403, 431]) expect(responses, name).toHaveProperty(String(status));
    }
    expect(ids.size).toBe(operations().length);
  });

  test('says of every window how complete its answer is, and what can go wrong', () => {
    for (const kind of ['rows', 'graph', 'diff', 'series', 'coverage', 'audit']) {
      const { responses } = document.paths[`/v1/${kind}`].get;
      for (const status of ['200', '304']) {
        expect(Object.keys(responses[status].headers ?? {})).toEqual(
          expect.arrayContaining(['x-vpcflow-complete', 'x-vpcflow-watermark', 'x-vpcflow-as-of', 'etag']),
        );
      }
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining(['400', '401', '403', '422', '429', '431', '500', '503', '504']),
      );
    }
  });

  test('the example of every parameter fits its schema', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [name, { parameters = [] }] of operations()) {
      for (const parameter of parameters) {
        const fits = ajv.compile(parameter.schema)(parameter.example);
        expect(fits, `${name} ${parameter.name} ${String(parameter.example)}`).toBe(true);
      }
    }
  });
});

/** The schema of a response's body, with the components that it refers to. */
function validator(path: string, status: number, type: string): ValidateFunction {
  const { content = {} } = document.paths[path].get.responses[status];
  const [documented] = Object.entries(content).find(([one]) => one === type) ?? [];
  expect(Object.keys(content), `${path} ${status}`).toContain(type);
  const { schema } = content[documented ?? type];
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  return ajv.compile({ ...schema, components: { schemas: BODIES } });
}

async function answers(path: string, query: string, status = 200): Promise<unknown> {
  const response = await fetch(`${url}${path}?${query}`);
  const text = await response.text();
  expect(response.status, text.slice(0, 300)).toBe(status);
  const type = response.headers.get('content-type') ?? '';
  const validate = validator(path, status, type);
  const body: unknown = JSON.parse(type.includes('ndjson') ? (text.split('\n', 1)[0] ?? '') : text);
  expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
  const headers = Object.keys(document.paths[path].get.responses[status].headers ?? {});
  const named = headers.filter((name) => !['x-vpcflow-warnings', 'retry-after'].includes(name));
  for (const name of named) expect(response.headers.has(name), `${path} ${name}`).toBe(true);
  const undocumented = [...response.headers.keys()].filter(
    (name) => name.startsWith('x-vpcflow-') && !headers.includes(name),
  );
  expect(undocumented).toEqual([]);
  return body;
}

describe('real answers are as documented', () => {
  test.each([
    ['/v1/rows', `${HOUR}&format=json`],
    ['/v1/rows', `${HOUR}&format=json&group=srcaddr,dstport&top=3`],
    ['/v1/rows', `${HOUR}&format=ndjson`],
    ['/v1/graph', `${HOUR}&format=json`],
    ['/v1/graph', `${HOUR}&format=json&group=cidr16&top=2&internet=one`],
    ['/v1/graph', `${HOUR}&format=json&filter=dstport+%3D+9`],
    ['/v1/diff', `${HOUR}&format=json&incomplete=true`],
    ['/v1/series', `${HOUR}&format=json`],
    ['/v1/series', `${HOUR}&format=ndjson`],
    ['/v1/coverage', `${HOUR}&format=json`],
    ['/v1/coverage', `${HOUR}&format=ndjson`],
    ['/v1/audit', 'format=json'],
    ['/v1/mirroring/sessions', 'format=json'],
    ['/v1/filter/complete', 'text=dstport+%3D+ht'],
    ['/v1/filter/complete', 'text=dstport+%3D+443&at=3'],
    ['/openapi.json', ''],
    ['/healthz', ''],
    ['/readyz', ''],
  ])('%s?%s', async (path, query) => {
    await answers(path, query);
  });

  test.each([
    ['/v1/rows', `${HOUR}&filter=dstprot+%3D+1`, 'VF_BAD_FILTER'],
    ['/v1/rows', `${HOUR}&filter=action+%3D+%22a`, 'VF_BAD_FILTER'],
    ['/v1/graph', `${HOUR}&group=postcode`, 'VF_BAD_PARAMETER'],
    ['/v1/graph', 'start=yesterday&stop=now', 'VF_BAD_TIME'],
    ['/v1/series', 'start=now&stop=now-1h', 'VF_BAD_WINDOW'],
    ['/v1/coverage', 'start=1990-01-01T00:00:00Z&stop=now', 'VF_LIMIT'],
    ['/v1/filter/complete', 'at=1', 'VF_BAD_PARAMETER'],
  ] as const)('%s?%s is the problem %s', async (path, query, code) => {
    expect(await answers(path, query, ERRORS[code].status)).toMatchObject({ code });
  });

  test('every format of every window has its documented type', async () => {
    for (const kind of ['rows', 'graph', 'diff', 'series', 'coverage']) {
      const path = `/v1/${kind}`;
      const { parameters = [], responses } = document.paths[path].get;
      const formats = parameters.find(({ name }) => name === 'format')?.schema.enum;
      const types: string[] = [];
      for (const format of Array.isArray(formats) ? formats : []) {
        const response = await fetch(
          `${url}${path}?${HOUR}&format=${format}${kind === 'diff' ? '&incomplete=true' : ''}`,
        );
        expect(response.status, `${path} ${format}`).toBe(200);
        types.push(response.headers.get('content-type') ?? '');
        await response.arrayBuffer();
      }
      expect(Object.keys(responses['200'].content ?? {}).toSorted()).toEqual([...new Set(types)].toSorted());
    }
  });
});

describe('completion', () => {
  test('answers for the cursor, without reading the store', async () => {
    const body = await answers('/v1/filter/complete', `text=${encodeURIComponent('(port = ht and bytes > 1KB')}&at=10`);
    expect(body).toMatchObject({
      from: 8,
      to: 10,
      items: expect.arrayContaining([expect.objectContaining({ text: 'https' })]),
    });
  });
});
