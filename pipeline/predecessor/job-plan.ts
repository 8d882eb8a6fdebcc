// Decides what a request about a window's result means, from what lies in the store: nothing, a marker, a result.
//
//                    POST (claims the marker)                job done: result written, marker removed
//     fresh ------------------------------------> in progress -------------------------------------> exists
//       ^                                           |      ^                                           |
//       | job failed, or its server stopped:        |      | POST once the marker is                   |
//       +------------- marker removed --------------+      | abandoned: taken over                     |
//                                                   +------+                                           |
//                    in progress <------ POST once more of the window is known (only if incomplete) ---+

import { canonicalJson } from '../canonical-json.ts';
import { formatTime } from '../window/window.ts';

/** What a server writes beside a result that it is at work on, again and again while it is. */
export interface Marker {
  /** The server, for people. */
  readonly owner: string;
  /** Drawn for each job. */
  readonly job: string;
  /** When its job last showed that it lives, Unix ms. */
  readonly time: number;
}

export const markerBytes = ({ owner, job, time }: Marker): Buffer =>
  Buffer.from(`${canonicalJson({ owner, job, time: formatTime(time) })}\n`);

/**
 * Whether the job of a marker is under way: it was refreshed less than `timeout` (ms) ago. What cannot be read marks
 * nothing. A time that lies as far ahead is that of a wrong clock and would never pass.
 */
export function isLive(body: Uint8Array, now: number, timeout: number): boolean {
  const time = markerTime(body);
  return time !== null && Math.abs(now - time) < timeout;
}

function markerTime(body: Uint8Array): number | null {
  try {
    const document: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof document !== 'object' || document === null || !('time' in document)) return null;
    const time = typeof document.time === 'string' ? Date.parse(document.time) : Number.NaN;
    return Number.isFinite(time) ? time : null;
  } catch {
    return null;
  }
}

/** What can be known of a window without reading its rows. */
export interface WindowState {
  /** By the watermarks of the shards; null: no stream ever fed the store. */
  readonly complete: boolean | null;
  /** Another text whenever one of the window's objects comes, goes or changes. */
  readonly inputs: string;
}

/** Beside a result whose window was not known to be complete. */
export interface IncompleteNote extends WindowState {
  /** What the result itself says: also false where objects could not be read. */
  readonly answer: boolean | null;
}

export const noteBytes = ({ answer, complete, inputs }: IncompleteNote): Buffer =>
  Buffer.from(`${canonicalJson({ answer, complete, inputs })}\n`);

/** A note that cannot be read says that nothing is known. */
export function parseNote(body: Uint8Array): IncompleteNote {
  const unknown: IncompleteNote = { answer: null, complete: null, inputs: '' };
  try {
    const { answer, complete, inputs } = JSON.parse(Buffer.from(body).toString());
    const state = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
    return { answer: state(answer), complete: state(complete), inputs: String(inputs) };
  } catch {
    return unknown;
  }
}

/**
 * Whether a result that was made of what was there should be made again. While shards are behind every minute brings
 * objects, and once at the end is enough; in a store without streams, and where an object could not be read, whenever
 * the objects are others.
 */
export function isOutdated(note: IncompleteNote, now: WindowState): boolean {
  if (now.complete === true && note.complete !== true) return true;
  return now.complete !== false && now.inputs !== note.inputs;
}

/** A marker as it was found. */
export interface FoundMarker {
  readonly body: Uint8Array;
  /** Of the store, for a claim of it. */
  readonly tag: string;
}

export type JobPlan =
  | { readonly does: 'wait' } // another job is under way
  | { readonly does: 'nothing' } // the result is there
  | { readonly does: 'claim'; readonly over: string | null }; // the tag of the abandoned marker, null where there is none

/** What asking for a job leads to. `exists`: there is a result that is not outdated. */
export function planJob(marker: FoundMarker | null, exists: boolean, now: number, timeout: number): JobPlan {
  if (marker !== null && isLive(marker.body, now, timeout)) return { does: 'wait' };
  if (exists) return { does: 'nothing' };
  return { does: 'claim', over: marker === null ? null : marker.tag };
}
