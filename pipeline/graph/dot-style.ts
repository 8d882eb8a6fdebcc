// How drawings look: the attributes that Graphviz draws by, and how a list of them is written.
import { quoteDot, quoteLabel } from './dot-text.ts';

export type Attributes = Readonly<Record<string, string>>;

/** Attributes whose value a person reads: Graphviz takes HTML entities in them for what they stand for. */
const TEXTS: ReadonlySet<string> = new Set(['label', 'tooltip']);

/** `name="value", …`, quoted; labels and tooltips are drawn as they are. */
export const attributeList = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${TEXTS.has(name) ? quoteLabel(value) : quoteDot(value)}`)
    .join(', ');

/** One name and no list: Graphviz knows the widths of Helvetica, which Arial has too, and takes a list for Times. */
const FONT = 'Helvetica';
const INK = '#1f2933';

export const GRAPH_STYLE: Attributes = {
  rankdir: 'LR',
  bgcolor: 'white',
  fontname: FONT,
  fontsize: '13',
  fontcolor: INK,
  labelloc: 't',
  labeljust: 'l',
  nodesep: '0.14',
  ranksep: '0.9',
  outputorder: 'edgesfirst',
  pad: '0.2',
};
export const NODE_STYLE: Attributes = {
  shape: 'box',
  style: 'rounded,filled',
  fillcolor: '#e3f2fd',
  color: '#5b7fa6',
  penwidth: '1',
  fontname: FONT,
  fontsize: '11',
  fontcolor: INK,
  margin: '0.12,0.05',
  height: '0.3',
};
export const EDGE_STYLE: Attributes = { fontname: FONT, fontsize: '9', fontcolor: '#37474f', arrowsize: '0.6' };

/** What is inside is a box, the internet an ellipse, what is not one thing a folder. */
export const OTHERS_STYLE: Attributes = { shape: 'folder', style: 'filled', fillcolor: '#eceff1', color: '#90a4ae' };
export const UNKNOWN_STYLE: Attributes = {
  ...{ shape: 'ellipse', style: 'filled,dashed', fillcolor: '#fafafa', color: '#90a4ae' },
};
export const OUTSIDE_STYLE: Attributes = {
  ...{ shape: 'ellipse', style: 'filled', fillcolor: '#fff3e0', color: '#c58a3d' },
};

/** 0.6 points up to a kilobyte, and 0.3 more for each factor of ten past it: 1.5 at a megabyte, 2.4 at a gigabyte. */
export const penWidth = (bytes: bigint): string =>
  (0.6 + Math.max(0, Math.log10(Number(bytes) + 1) - 3) * 0.3).toFixed(2);
