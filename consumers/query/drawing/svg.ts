// Turns a graph into SVG by Graphviz (WebAssembly) in a worker thread, within limits of size and time.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { graphDot } from '../../../pipeline/dot.ts';
import { formatMany } from '../../../pipeline/quantities.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Graph } from '../../../schemas/graph.ts';
import { Gate } from '../../shared/query/gate.ts';

/** A drawing past these is no longer read by anybody, and its layout takes minutes. */
export const MAX_DRAWN_NODES = 500;
export const MAX_DRAWN_EDGES = 2000;
export const DRAW_TIME_LIMIT = 20_000; // ms

const DRAWN_AT_ONCE = 2;
const COARSER = 'ask for a coarser grouping (--group cidr24) or fewer nodes (--top 30), or for --format dot or json';

const gate = new Gate(DRAWN_AT_ONCE);

export interface DrawingOptions {
  readonly timeLimit?: number; // ms
  /** Whether the drawing says what it shows; not needed where that stands beside it. */
  readonly title?: boolean;
}

/** Throws VF_LIMIT for a graph that is too large to draw or takes longer than the time limit. */
export async function drawSvg(graph: Graph, signal: AbortSignal, options: DrawingOptions = {}): Promise<string> {
  const { timeLimit = DRAW_TIME_LIMIT, title = true } = options;
  const { nodes, edges } = graph;
  if (nodes.length > MAX_DRAWN_NODES || edges.length > MAX_DRAWN_EDGES) {
    const size = `${formatMany(nodes.length, 'node')} and ${formatMany(edges.length, 'edge')}`;
    const limit = `${formatMany(MAX_DRAWN_NODES, 'node')} and ${formatMany(MAX_DRAWN_EDGES, 'edge')}`;
    throw new VpcflowError('VF_LIMIT', `a drawing of ${size} is past the limit of ${limit}`, { help: COARSER });
  }
  return gate.pass(() => layout([...graphDot(graph, title)].join(''), signal, timeLimit));
}

async function layout(dot: string, signal: AbortSignal, timeLimit: number): Promise<string> {
  signal.throwIfAborted();
  // The worker lies beside this file with the same extension, in the sources and in the package.
  const file = new URL(`./svg-worker${extname(import.meta.url)}`, import.meta.url);
  // What Graphviz has to say about lines that it cannot bend nicely is for nobody.
  const worker = new Worker(file, { workerData: dot, stdout: true, stderr: true });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    const size = formatMany(dot.length, 'character');
    reject(new VpcflowError('VF_LIMIT', `drawing ${size} of DOT takes longer than ${timeLimit} ms`, { help: COARSER }));
  }, timeLimit);
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.once('message', resolve);
  worker.once('error', (cause) => reject(new VpcflowError('VF_QUERY', 'Graphviz cannot draw the graph', { cause })));
  worker.once('exit', () => reject(new VpcflowError('VF_LIMIT', 'drawing needs too much memory', { help: COARSER })));
  try {
    return withoutProlog(await promise);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

/** Without the document type, which names a file elsewhere; so the drawing can also stand in a page. */
const withoutProlog = (svg: string): string => svg.slice(svg.indexOf('<svg'));
