// Turns --digest-at and --graph-at into the paths under which each part of the predecessors' API answers.
import { VpcflowError } from '../../schemas/errors.ts';
import { RESULT_KINDS, type ResultKind } from './window-id.ts';

export interface Mount {
  readonly path: string;
  readonly kind: ResultKind;
}

const PATH = /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*)?$/;

/** Where the server itself answers; `/` can be shared. */
const TAKEN = [
  ...['/v1/rows', '/v1/graph', '/v1/diff', '/v1/series', '/v1/coverage', '/v1/audit', '/v1/filter/complete'],
  '/v1/mirroring/sessions',
  ...['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/docs.css', '/jobs'],
  ...['/page.css', '/form.css', '/picture.css', '/page.js'],
];

/** /digest and /graph first, then what was given. Throws VF_USAGE for what is no path, or one path for two things. */
export function mountsOf(at: Readonly<Record<ResultKind, string | null>>): readonly Mount[] {
  const mounts = new Map<string, Mount>(RESULT_KINDS.map((kind) => [`/${kind}`, { path: `/${kind}`, kind }]));
  for (const kind of RESULT_KINDS) {
    const path = at[kind];
    if (path === null) continue;
    if (!PATH.test(path)) {
      throw new VpcflowError('VF_USAGE', `--${kind}-at ${JSON.stringify(path)} is no path: give / or /some/where`);
    }
    if (TAKEN.includes(path)) {
      throw new VpcflowError('VF_USAGE', `--${kind}-at ${path}: something else is there already`);
    }
    const other = mounts.get(path);
    if (other !== undefined && other.kind !== kind) {
      throw new VpcflowError('VF_USAGE', `--${kind}-at ${path}: the ${other.kind} API is there`);
    }
    mounts.set(path, { path, kind });
  }
  return [...mounts.values()];
}

/** Whether a URL (path and query) asks for a window, as the predecessors' clients do. */
export function asksForWindow(url: string): boolean {
  const at = url.indexOf('?');
  if (at < 0) return false;
  const query = new URLSearchParams(url.slice(at + 1));
  return query.has('start') || query.has('stop');
}
