// What passes between whoever wants a drawing and the thread that draws it.

export type PictureFormat = 'svg' | 'png';

export interface DrawingJob {
  readonly dot: string;
  readonly format: PictureFormat;
  /** A PNG past this is drawn smaller, and says so. */
  readonly maxPixels: number;
  /** Bytes that the layout may hold. */
  readonly maxMemory: number;
}

/** `held`: the bytes of memory that the layout has come to hold, which it never gives back while the thread lives. */
export type DrawingReply = { readonly picture: string | Uint8Array; readonly held: number } | { readonly full: true };
