// Draws DOT texts as SVG or PNG in a thread of its own, because Graphviz computes without ever looking up.
import { parentPort } from 'node:worker_threads';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { DrawingJob, DrawingReply } from './drawing-job.ts';
import { pngOfSvg } from './png.ts';

/** The part of the global that is used here: the library of types has none without a browser's. */
declare const WebAssembly: {
  readonly Memory: { prototype: { readonly buffer: ArrayBuffer; grow(pages: number): number } };
};

const PAGE = 65_536; // bytes

// A thread's resource limits do not hold for WebAssembly. Emscripten's allocator asks here for more memory, and takes a
// refusal for the end of it.
let most = Number.POSITIVE_INFINITY;
let held = 0;
let refused = false;
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages: number) {
  const wanted = this.buffer.byteLength + pages * PAGE;
  if (wanted > most) {
    refused = true;
    throw new RangeError(`drawing may hold ${most} bytes`);
  }
  held = Math.max(held, wanted);
  return grow.call(this, pages);
};

// What Graphviz has to say about lines that it cannot bend nicely is for nobody. Not by streams of the thread's own, which
// would keep the process alive.
process.stderr.write = () => true;

const graphviz = await Graphviz.load();

async function drawn({ dot, format, maxPixels, maxMemory }: DrawingJob): Promise<DrawingReply> {
  most = maxMemory;
  try {
    const svg = withFonts(withoutProlog(graphviz.layout(dot, 'svg', 'dot')));
    return { picture: format === 'svg' ? svg : await pngOfSvg(svg, maxPixels), held };
  } catch (error) {
    if (refused) return { full: true };
    throw error;
  }
}

/** Without the document type, which names a file elsewhere; so the drawing can also stand in a page. */
const withoutProlog = (svg: string): string => svg.slice(svg.indexOf('<svg'));

/** Fonts of the same widths for machines without Helvetica. A quotation mark in a text is written &quot;. */
const withFonts = (svg: string): string =>
  svg.replaceAll('font-family="Helvetica,sans-Serif"', 'font-family="Helvetica,Arial,Arimo,sans-serif"');

parentPort?.on('message', async (job: DrawingJob) => parentPort?.postMessage(await drawn(job)));
