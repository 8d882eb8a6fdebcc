// The JSON bodies of a difference, for /openapi.json.
import { COUNTINGS, GROUPINGS, MAX_EDGE_PORTS } from '../../../schemas/graph.ts';
import { count, type JsonSchema, list, named, nullable, oneOf, record, text, time } from './json-schema.ts';

type Members = Readonly<Record<string, JsonSchema>>;

const MEASURES = record('Measures of one window.', {
  flows: count('flow-log records'),
  packets: count('packets'),
  bytes: count('bytes'),
});

const RATIO = nullable(
  { type: 'number', description: 'bytes a minute in the window over those in the other one' },
  'there were none before',
);

const CLASS = record('The edges of a class, and what they carried.', {
  edges: count('edges; a flipped pair is one'),
  before: named('Measures'),
  after: named('Measures'),
});

const WHOLE = record('A whole window.', {
  ...{ nodes: count('nodes'), edges: count('edges'), flows: count('flow-log records') },
  ...{ packets: count('packets'), bytes: count('bytes') },
});

/** By name; given are the members of every window, those of an edge's measures, and its action. */
export function diffBodies(head: Members, edgeCounts: Members, action: JsonSchema): Members {
  const side = record('The edge in one window.', {
    protocols: list(count('IANA number'), 'ascending'),
    ports: { ...list(count('service port'), 'those with most bytes, most first'), maxItems: MAX_EDGE_PORTS },
    ...edgeCounts,
  });

  const compared = record('One of the two windows, as it was asked for.', {
    ...head,
    compared: record('The complete part of it, which was compared.', {
      start: time('first minute'),
      stop: time('its end, exclusive'),
    }),
    left_out: count('minutes that were not compared'),
  });

  const diff = record('What differs between two windows: lists sorted by source, target and action.', {
    window: named('ComparedWindow'),
    against: named('ComparedWindow'),
    count: oneOf('how the two witnesses of a flow are counted', COUNTINGS),
    group: text('what a node is', ...GROUPINGS),
    added: list(named('Edge'), 'edges that only the window has'),
    removed: list(named('Edge'), 'edges that only the other one has'),
    changed: list(
      record('An edge with other flows, packets or bytes.', {
        ...{ source: text('id of a node'), target: text('id of a node'), action },
        ...{ before: named('SideOfEdge'), after: named('SideOfEdge'), ratio: RATIO },
      }),
      'edges that both have',
    ),
    flipped: list(
      record('An edge that was accepted and is rejected, or the other way round.', {
        ...{ source: text('id of a node'), target: text('id of a node') },
        before: oneOf('its action in the other window', ['ACCEPT', 'REJECT']),
        after: oneOf('its action in the window', ['ACCEPT', 'REJECT']),
        ratio: RATIO,
        edges: record('Both edges.', { before: named('SideOfEdge'), after: named('SideOfEdge') }),
      }),
      'pairs that are in no other list',
    ),
    others: record('What top hides.', { nodes: count('nodes folded into one') }),
    totals: record('Of both windows, whatever top hides, and of each class.', {
      ...{ window: named('WindowTotals'), against: named('WindowTotals') },
      ...{ added: named('ClassTotals'), removed: named('ClassTotals'), changed: named('ClassTotals') },
      ...{ flipped: named('ClassTotals'), unchanged: named('ClassTotals') },
    }),
  });

  return {
    ...{ Measures: MEASURES, SideOfEdge: side, ComparedWindow: compared, WindowTotals: WHOLE, ClassTotals: CLASS },
    Diff: diff,
  };
}
