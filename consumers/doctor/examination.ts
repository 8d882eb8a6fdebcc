// What every check of `vpcflow doctor` is given: the options, the clients, and how long a call may take.
import type { Options } from '../shared/options.ts';
import type { Bounds } from './attempt.ts';
import type { Clients } from './clients.ts';

export interface Examination extends Bounds {
  readonly options: Options;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clients: Clients;
}
