// Turns the two ports of a flow into the service port and 0, so that flows that differ only in ephemeral ports merge.
import { KEY_INDEX } from '../../schemas/columns.ts';
import type { Settings } from '../../schemas/settings.ts';

const keyWord = (column: string): number => {
  const word = KEY_INDEX.get(column);
  if (word === undefined) throw new Error(`no key column ${column}`);
  return word;
};

const SRCPORT = keyWord('srcport');
const DSTPORT = keyWord('dstport');
const PROTOCOL = keyWord('protocol');

const ICMP = 1;
const ICMPV6 = 58;

/**
 * The port rule of some settings. `all` keeps both ports. `service` writes the ephemeral one as 0: the larger of the
 * two, on equal ports the source's; a port listed in `servicePorts` counts as smaller than every port that is not, and
 * two listed ones are both kept. A REJECT whose larger port is the destination's keeps both, since a scan of high ports
 * must not vanish. ICMP has 0 and 0. A port that is NULL stays NULL, and the other then stays as it is.
 */
export class PortFolding {
  private readonly all: boolean;
  private readonly listed: Uint8Array | null; // 1 at each service port

  constructor(settings: Pick<Settings, 'ports' | 'servicePorts'>) {
    this.all = settings.ports === 'all';
    this.listed = settings.servicePorts.length === 0 ? null : new Uint8Array(65_536);
    for (const port of settings.servicePorts) this.listed?.fill(1, port, port + 1);
  }

  /** Folds the ports among the key words of a flow, in place. */
  fold(keys: Int32Array, rejected: boolean): void {
    const source = keys[SRCPORT];
    const destination = keys[DSTPORT];
    if (this.all || source < 0 || destination < 0) return;
    const protocol = keys[PROTOCOL];
    if (protocol === ICMP || protocol === ICMPV6) {
      keys[SRCPORT] = 0;
      keys[DSTPORT] = 0;
      return;
    }
    let larger = destination - source; // > 0: the destination's is the larger port
    if (this.listed !== null) {
      const services = this.listed[source] - this.listed[destination];
      if (services !== 0) larger = services;
      else if (this.listed[source] === 1) return;
    }
    if (larger <= 0) keys[SRCPORT] = 0;
    else if (!rejected) keys[DSTPORT] = 0;
  }
}
