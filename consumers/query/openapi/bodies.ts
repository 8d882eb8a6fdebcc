// The JSON bodies of the answers, by name: /openapi.json has them as components and routes refer to them.
import { OPERATORS } from '../../../pipeline/filter/columns.ts';
import { COVERAGE_COLUMNS, type Column, DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import { FIELDS } from '../../../schemas/fields.ts';
import { COUNTINGS, GROUPINGS, MAX_EDGE_PORTS } from '../../../schemas/graph.ts';
import { MAX_NAMED } from '../../../schemas/query.ts';
import { diffBodies } from './diff-bodies.ts';
import { count, integer, type JsonSchema, list, named, nullable, oneOf, record, text, time } from './json-schema.ts';
import { MIRRORING_BODIES } from './mirroring-bodies.ts';

const ABOUT: ReadonlyMap<string, string> = new Map([
  ...FIELDS.map((f): [string, string] => [f.column, f.about]),
  ['minute', 'the minute that the flow starts in'],
  ['flows', 'flow-log records that were merged'],
  ['records', 'lines that say so'],
  ['log_status', 'NODATA, SKIPDATA, or OK for evidence by flows'],
]);

/** The column's description for people, one clause. */
const columnAbout = (name: string): string => ABOUT.get(name) ?? name;

function columnSchema({ name, type }: Column): JsonSchema {
  const about = columnAbout(name);
  if (type === 'timestamp') return time(about);
  const schema = type === 'string' ? text(about) : integer(about);
  return nullable(schema, 'not logged');
}

/** Every column may be left out: with `group` there are only those asked for. */
const rowOf = (description: string, columns: readonly Column[]): JsonSchema =>
  record(
    description,
    Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
    columns.map(({ name }) => name),
  );

const seconds = (description: string): JsonSchema =>
  nullable(integer(`${description}, Unix seconds`), 'none was logged');

/** How complete an answer is: the members that every answer about a window has. */
const COMPLETENESS: Readonly<Record<string, JsonSchema>> = {
  complete: nullable(
    { type: 'boolean', description: 'whether nothing can be missing' },
    'no stream ever fed the store',
  ),
  watermark: text('up to when everything that arrived is in the store, RFC 3339; none without one'),
  lateness: count('seconds after its end in which a window can still change'),
  behind: record('What the window still waits for.', {
    count: count('shards that are not up to its stop plus lateness'),
    shards: {
      ...list(
        record('One of them.', {
          stream: text('the stream'),
          shard: text('the shard'),
          watermark: text('how far it is, RFC 3339; none where nobody has begun to read it'),
        }),
        'those furthest behind',
      ),
      maxItems: MAX_NAMED,
    },
  }),
  skipdata: record('Interface-minutes of which AWS says that it left flows out (SKIPDATA).', {
    interfaces: count('interfaces'),
    minutes: count('interface-minutes'),
    named: {
      ...list(
        record('One of the interfaces.', {
          account_id: nullable(text('its account'), 'not logged'),
          interface_id: nullable(text('the interface'), 'not logged'),
          minutes: count('its minutes'),
        }),
        'those with most',
      ),
      maxItems: MAX_NAMED,
    },
  }),
  interval: nullable(integer('the longest aggregation interval met, seconds'), 'none is known'),
  warnings: { ...list(text('an object that could not be read and is left out'), 'by key'), maxItems: MAX_NAMED },
};

/** The members that every JSON answer about a window begins with. */
const WINDOW_HEAD: Readonly<Record<string, JsonSchema>> = {
  start: time('first minute of the window'),
  stop: time('its end, exclusive'),
  ...COMPLETENESS,
};

const EDGE_COUNTS = {
  flows: count('flow-log records'),
  packets: count('packets'),
  bytes: count('bytes: what the best witness of each conversation saw'),
  bytes_observed: count('bytes: the plain sum over every interface that logged them'),
  witnesses: count('distinct interfaces that logged it'),
  start: seconds('first packet'),
  stop: seconds('last packet'),
};

const ACTION = nullable(text('ACCEPT or REJECT'), 'not logged');

const EDGE = record('One edge per source, target and action.', {
  source: text('id of a node'),
  target: text('id of a node'),
  action: ACTION,
  protocols: list(count('IANA number'), 'ascending'),
  ports: { ...list(count('service port'), 'those with most bytes, most first'), maxItems: MAX_EDGE_PORTS },
  ...EDGE_COUNTS,
});

const NODE = record('What talked.', {
  id: text('what edges call it'),
  label: text('its name for people'),
  kind: text('its grouping; address where it could not be placed, unknown, or others for what top folded'),
  bytes_in: count('bytes to it'),
  bytes_out: count('bytes from it'),
});

const GRAPH = record('Who talked to whom: nodes sorted by id, edges by source, target and action.', {
  ...WINDOW_HEAD,
  count: oneOf('how the two witnesses of a flow are counted', COUNTINGS),
  group: text('what a node is', ...GROUPINGS),
  nodes: list(named('Node'), 'by id'),
  edges: list(named('Edge'), 'by source, target, action'),
  others: record('What top hides: what is not drawn between two kept nodes.', {
    nodes: count('nodes folded into one'),
    edges: count('edges not drawn'),
    bytes: count('bytes not drawn'),
  }),
  totals: record('The whole window, whatever is drawn of it.', {
    nodes: count('nodes'),
    edges: count('edges'),
    flows: count('flow-log records'),
    packets: count('packets'),
    bytes: count('bytes'),
  }),
});

const SERIES_POINT = record('One step and action.', {
  minute: time('first minute of the step, which is counted from 1970-01-01T00:00:00Z'),
  action: ACTION,
  flows: count('flow-log records'),
  packets: count('packets'),
  bytes: count('bytes'),
});

const GAP_VALUE = { type: ['string', 'integer', 'null'] };

const AUDIT_COUNTS = [
  ...['objects', 'records', 'envelopes', 'control', 'duplicates', 'overlaps', 'lines', 'flows', 'nodata', 'skipdata'],
  ...['events', 'skipped', 'replayed', 'packets', 'bytes', 'rows'],
];

const AUDIT = record('The sums over every commit, and each place where the store does not bear them out.', {
  ok: { type: 'boolean', description: 'there are no gaps' },
  ...Object.fromEntries(AUDIT_COUNTS.map((name) => [name, count(name)])),
  rejects: record('What could not be read.', {
    total: count('lines and envelopes'),
    lines: count('lines'),
    envelopes: count('envelopes'),
    by_reason: { type: 'object', description: 'by reason', additionalProperties: count('rejects') },
  }),
  gaps: list(
    record('One thing that is not as it was stated.', {
      source: text('the epoch, part, shard or object that it is about'),
      what: text('what was compared'),
      expected: { ...GAP_VALUE, description: 'what the commit says' },
      found: { ...GAP_VALUE, description: 'what the store has' },
    }),
    'all of them',
  ),
});

const PROBLEM = record('An error, RFC 9457.', {
  type: text('the code as a URN', 'urn:vpcflow:error:VF_BAD_FILTER'),
  title: text('the code in words', 'bad filter'),
  status: integer('HTTP status'),
  detail: text('what was given', 'filter, column 11: "htps" is no port'),
  code: text('code of the error catalogue', 'VF_BAD_FILTER'),
  help: text('what to do'),
  retry: { type: 'boolean', description: 'whether the same request can succeed later' },
  instance: text('the request as a URN: its id is that of x-request-id and of the log'),
});

const COMPLETION = record('What can stand at the cursor, to be put in the place of text[from, to).', {
  from: count('UTF-16 offset at which a proposal begins'),
  to: count('UTF-16 offset at which what it replaces ends'),
  items: list(
    record('A proposal.', {
      text: text('what to put there'),
      kind: oneOf('what it is', ['column', 'operator', 'keyword', 'value']),
      type: nullable(oneOf('of a column: what it is compared with', Object.keys(OPERATORS)), 'no column'),
      about: text('one clause for people'),
    }),
    'those first that begin as it is typed',
  ),
  error: {
    description: 'why the whole text is no filter; null: it is one',
    oneOf: [
      { type: 'null' },
      record('What is wrong.', {
        position: count('UTF-16 offset of the place'),
        column: count('the place in characters, from 1'),
        message: text('what is wrong'),
        help: text('what to do'),
      }),
    ],
  },
  tidy: nullable(text('the text written tidily'), 'it is no filter'),
});

/** The components of the document; a body is referred to as `named('Graph')`. */
export const BODIES: Readonly<Record<string, JsonSchema>> = {
  Row: rowOf('One digest row: a minute, its dimensions and measures, or the columns of `group`.', DIGEST_COLUMNS),
  Rows: record('Rows, sorted by their columns in table order (with `top` by bytes).', {
    ...WINDOW_HEAD,
    rows: list(named('Row'), 'the rows'),
  }),
  SeriesPoint: SERIES_POINT,
  Series: record('What was counted in each step of time, by action.', {
    ...WINDOW_HEAD,
    step: count('seconds'),
    count: oneOf('how the two witnesses of a flow are counted', COUNTINGS),
    points: list(named('SeriesPoint'), 'by time and action; a step without flows is not there'),
  }),
  CoverageRow: rowOf('Evidence about one interface in one minute.', COVERAGE_COLUMNS),
  Coverage: record('Evidence by minute and interface.', {
    ...WINDOW_HEAD,
    rows: list(named('CoverageRow'), 'the rows'),
  }),
  Node: NODE,
  Edge: EDGE,
  Graph: GRAPH,
  ...diffBodies(WINDOW_HEAD, EDGE_COUNTS, ACTION),
  Audit: AUDIT,
  ...MIRRORING_BODIES,
  Completion: COMPLETION,
  Problem: PROBLEM,
};
