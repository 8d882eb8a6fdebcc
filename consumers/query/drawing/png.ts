// Turns an SVG of Graphviz into a PNG, with a font that is the same on every machine.
import { readFile } from 'node:fs/promises';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

/** Arimo has the widths of Helvetica, which are those that Graphviz lays our texts out by. */
const FONT = { name: 'Arimo', file: '@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf' };

/** Pixels of a point: twice those of a screen, so that it is also sharp in print. */
const SCALE = 2;

/** No side is longer, whatever the other one is: past it viewers give up. */
const MAX_SIDE = 16_384; // pixels

let font: Promise<Uint8Array> | null = null;

async function load(): Promise<Uint8Array> {
  await initWasm(await readFile(new URL(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))));
  return readFile(new URL(import.meta.resolve(FONT.file)));
}

/** At most `maxPixels`: past that the drawing is made smaller, and says so in its lower left corner. */
export async function pngOfSvg(svg: string, maxPixels: number): Promise<Uint8Array> {
  font ??= load();
  const buffer = await font;
  const { width, height } = sizeOf(svg);
  const fitting = Math.min(SCALE, Math.sqrt(maxPixels / (width * height)), MAX_SIDE / width, MAX_SIDE / height);
  const resvg = new Resvg(fitting < SCALE ? noted(svg, fitting, height) : svg, {
    background: 'white',
    fitTo: { mode: 'width', value: Math.max(1, Math.floor(width * fitting)) },
    font: { fontBuffers: [buffer], defaultFontFamily: FONT.name, sansSerifFamily: FONT.name },
  });
  try {
    const image = resvg.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}

/** Points, from the `width="300pt" height="200pt"` that Graphviz writes. */
function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /^<svg width="([\d.]+)pt" height="([\d.]+)pt"/.exec(svg) ?? [];
  if (width === undefined) throw new TypeError('this SVG was not written by Graphviz');
  return { width: Math.max(1, Number(width)), height: Math.max(1, Number(height)) };
}

/** With a line that says how much smaller it is, in letters of 24 pixels. */
function noted(svg: string, scale: number, height: number): string {
  const size = 24 / scale;
  const note = `at ${Math.round((scale / SCALE) * 100)} % of its size, for the limit of pixels: the SVG has all of it`;
  const text = `<text x="${size / 2}" y="${height - size / 2}" font-family="${FONT.name}" font-size="${size}" fill="#c62828">${note}</text>`;
  return svg.replace(/<\/svg>\s*$/, `${text}</svg>`);
}
