// Draws one DOT text as SVG in a thread of its own, because Graphviz computes without ever looking up.
import { parentPort, workerData } from 'node:worker_threads';
import { Graphviz } from '@hpcc-js/wasm-graphviz';

const dot: unknown = workerData;
if (typeof dot !== 'string') throw new TypeError('the SVG worker is given a DOT text');
const graphviz = await Graphviz.load();
parentPort?.postMessage(graphviz.layout(dot, 'svg', 'dot'));
