// What a question about a window is, between whoever asks (command line, HTTP) and whoever answers (rows, graph, …).
import type { WindowTable } from '../../../pipeline/window/query-plan.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';

/** A piece of an answer's body; text is UTF-8. */
export type Piece = string | Uint8Array;

export interface Question<S extends WindowSource = WindowSource> {
  readonly window: Window;
  readonly lateness: number; // ms
  readonly tables: readonly WindowTable[];
  /** Rows by the time that they span; absent: by their minute. */
  readonly overlapping?: boolean;
  readonly contentType: string;
  /** True where the body is no text, and so nothing for a terminal. */
  readonly binary: boolean;
  /** Says everything but the window that the body depends on: two questions of one text have one answer. */
  readonly text: string;
  /** Opens what is asked about; absent: `window`. */
  readonly open?: (service: QueryService, signal: AbortSignal) => Promise<S>;
  /** What else is said of the answer than how complete it is: headers, and a sentence on stderr. */
  about?(source: S): { readonly headers: Readonly<Record<string, string>>; readonly remark: string | null };
  /** The body, which has to be read to its end or left; `source` is good until then. */
  answer(service: QueryService, source: S, signal: AbortSignal): AsyncIterable<Piece>;
}
