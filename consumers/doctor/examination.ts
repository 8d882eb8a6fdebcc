// What every check of `vpcflow doctor` is given: the options, the clients, and how long a call may take.
import type { Consumer } from '../shared/application.ts';
import type { Options } from '../shared/options.ts';
import type { Bounds } from './attempt.ts';
import type { Clients } from './clients.ts';

export interface Examination extends Bounds {
  readonly options: Options;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clients: Clients;
}

/** Who reads the stream: whoever has rules of mirroring, by its events. */
export const consumerOf = ({ mirrorConfig }: Options): Consumer => (mirrorConfig === null ? 'digest' : 'mirror');
