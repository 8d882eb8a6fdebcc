// Turns a drawing into the part of the page that shows it, or says why there is none.
import type { SmallerGraph } from '../../../pipeline/graph/smaller-graphs.ts';
import { Html, html } from './html.ts';

/** A drawing, or why there is none and what could be drawn instead. */
export type PageDrawing =
  | { readonly svg: string }
  | { readonly problem: string; readonly smaller: readonly SmallerGraph[] };

/** The picture in a frame that scrolls, with buttons that a script brings to life. */
export const pictureHtml = (
  svg: string,
  label: string,
): Html => html`<div class="zoom" hidden><button type="button" data-zoom="out" aria-label="Smaller">−</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="in" aria-label="Larger">+</button></div>
<div class="drawing" tabindex="0" role="group" aria-label="${label}">${new Html(svg)}</div>`;
