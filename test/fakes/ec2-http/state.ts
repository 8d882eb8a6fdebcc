// What the fake account has at a moment, and how reads come to see it later than changes are made.
import type { InstanceState } from '../../../schemas/mirroring/events.ts';

export type FakeTags = Map<string, string>;

export interface FakeInterface {
  readonly id: string;
  instance: string | null;
  deviceIndex: number | null;
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string;
  readonly kind: string;
  readonly requesterManaged: boolean;
  readonly addresses: readonly string[]; // as EC2 would write them
  readonly tags: FakeTags;
}

export interface FakeInstance {
  readonly id: string;
  readonly type: string;
  state: InstanceState;
  readonly launched: number; // Unix ms
  readonly image: string;
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string;
  readonly tags: FakeTags;
  /** Calls of DescribeInstances that still see its state before pending or shutting-down is over; null: it never is. */
  lasts: number | null;
}

export interface FakeTarget {
  readonly id: string;
  readonly kind: string;
  readonly interface: string | null;
  readonly owner: string;
  readonly description: string | undefined;
  readonly tags: FakeTags;
}

export interface FakeSession {
  readonly id: string;
  readonly interface: string;
  readonly target: string;
  readonly filter: string;
  readonly number: number;
  readonly virtualNetworkId: number;
  readonly packetLength: number | undefined;
  readonly description: string | undefined;
  readonly tags: FakeTags;
}

export interface FakeFilter {
  readonly id: string;
  readonly ingress: number; // rules
  readonly egress: number;
  readonly tags: FakeTags;
}

/** Everything by its id. A test may change it between calls. */
export interface FakeState {
  readonly instances: Map<string, FakeInstance>;
  readonly interfaces: Map<string, FakeInterface>;
  readonly targets: Map<string, FakeTarget>;
  readonly sessions: Map<string, FakeSession>;
  readonly filters: Map<string, FakeFilter>;
}

/** Serves reads from before the changes that they may not see yet. */
export class LaggingReads {
  readonly #state: FakeState;
  #reads = 0;
  #hidden: { readonly until: number; readonly before: FakeState }[] = [];

  constructor(state: FakeState) {
    this.#state = state;
  }

  /** Called before a change: the next `lag` reads do not see it. */
  hide(lag: number): void {
    if (lag > 0) this.#hidden.push({ until: this.#reads + lag, before: structuredClone(this.#state) });
  }

  /** What the next read sees. */
  next(): FakeState {
    this.#reads += 1;
    this.#hidden = this.#hidden.filter(({ until }) => until >= this.#reads);
    return this.#hidden[0]?.before ?? this.#state;
  }
}
