// Turns a DOT text into SVG or PNG by Graphviz (WebAssembly) in a thread, within limits of size, time and memory.
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { type DrawingEnd, drawInThread } from './draw-threads.ts';
import type { PictureFormat } from './drawing-job.ts';

/** A drawing past these is no longer read by anybody, and its layout takes minutes. */
export const MAX_DRAWN_NODES = 500;
export const MAX_DRAWN_EDGES = 2000;
/** Of DOT: what that many nodes and edges need, and as much again for long names. */
const MAX_DRAWN_TEXT = 8_000_000;
export const DRAW_TIME_LIMIT = 20_000; // ms

/** 24 megapixels: 96 MB while it is drawn, which is what bounds the memory of the PNG. */
const MAX_PIXELS = 24_000_000;

/** Far more than traffic needs: 600 edges fit into the 16 MiB that Graphviz begins with. */
const MAX_MEMORY = 512 * 1024 * 1024; // bytes

/** What is to be drawn: the pieces of a DOT text, and its size, which is looked at before the text is. */
export interface Picture {
  readonly dot: Iterable<string>;
  readonly nodes: number;
  readonly edges: number;
}

export interface DrawingOptions {
  readonly timeLimit?: number; // ms
  readonly maxPixels?: number;
  readonly maxMemory?: number; // bytes
  /** What to do about a drawing that is too large; a sentence without its full stop. */
  readonly help?: () => string;
}

const COARSER = 'ask for a coarser grouping (--group cidr24) or fewer nodes (--top 30), or for --format dot or json';

/**
 * The same picture always gives the same text or bytes: SVG as one element that names nothing elsewhere, PNG as bytes.
 * Throws VF_LIMIT for what is too large to draw, takes longer than the time limit or needs too much memory.
 */
export function draw(picture: Picture, format: 'svg', signal: AbortSignal, options?: DrawingOptions): Promise<string>;
export function draw(
  picture: Picture,
  format: PictureFormat,
  signal: AbortSignal,
  options?: DrawingOptions,
): Promise<string | Uint8Array>;
export async function draw(
  { dot, nodes, edges }: Picture,
  format: PictureFormat,
  signal: AbortSignal,
  options: DrawingOptions = {},
): Promise<string | Uint8Array> {
  const { timeLimit = DRAW_TIME_LIMIT, maxPixels = MAX_PIXELS, maxMemory = MAX_MEMORY, help = () => COARSER } = options;
  const size = `${formatMany(nodes, 'node')} and ${formatMany(edges, 'edge')}`;
  const limit = (message: string) => new VpcflowError('VF_LIMIT', message, { help: help() });
  if (nodes > MAX_DRAWN_NODES || edges > MAX_DRAWN_EDGES) {
    const most = `${formatMany(MAX_DRAWN_NODES, 'node')} and ${formatMany(MAX_DRAWN_EDGES, 'edge')}`;
    throw limit(`a drawing of ${size} is past the limit of ${most}`);
  }
  const text = Array.from(dot).join('');
  if (text.length > MAX_DRAWN_TEXT) {
    throw limit(
      `a drawing of ${formatMany(text.length, 'character')} is past the limit of ${formatCount(MAX_DRAWN_TEXT)}`,
    );
  }
  const ended = (end: DrawingEnd) =>
    limit(
      end === 'time' ? `drawing ${size} takes longer than ${timeLimit} ms` : `drawing ${size} needs too much memory`,
    );
  return drawInThread({ dot: text, format, maxPixels, maxMemory }, signal, timeLimit, ended);
}
