// Turns a real account, which is only read, and an object in the store into an account in which plans are carried out.
import { type Overlay, overlayKey } from '../../../pipeline/mirror-planned/overlay.ts';
import { runInstance, terminateInstance } from '../../../pipeline/mirror-planned/planned-instances.ts';
import { type Change, createSession, deleteSession } from '../../../pipeline/mirror-planned/planned-sessions.ts';
import { changeTags, createTarget, deleteTarget } from '../../../pipeline/mirror-planned/planned-targets.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type {
  Ec2Mirror,
  MirrorAnswer,
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
  NewInstance,
  NewSession,
  NewTarget,
  Tags,
} from '../../../schemas/mirroring/account.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { OverlayObject } from './overlay-object.ts';
import { type Ec2Reader, PlannedReads } from './planned-reads.ts';

/**
 * Changes are made in the overlay alone, under EC2's limits and with its codes: whoever reads sees what would be there.
 * Something that the real account has is not touched: that it would be gone, or have other tags, is remembered.
 */
export class PlannedEc2Mirror implements Ec2Mirror {
  readonly region: string;
  readonly #reader: Ec2Reader;
  readonly #reads: PlannedReads;
  readonly #overlay: OverlayObject;
  readonly #clock: Clock;

  /** `reader`: the real account, of which nothing but reads is ever asked. The overlay is an object of `store`. */
  constructor(reader: Ec2Reader, store: ObjectStore, clock: Clock) {
    this.region = reader.region;
    this.#reader = reader;
    this.#reads = new PlannedReads(reader, clock);
    this.#overlay = new OverlayObject(store, clock);
    this.#clock = clock;
  }

  account(): Promise<string> {
    return this.#reader.account();
  }

  async instances(ids: readonly string[]): Promise<readonly MirrorInstance[]> {
    return await this.#reads.instances(await this.#load(), ids);
  }

  async instancePage(next: string | null): ReturnType<Ec2Mirror['instancePage']> {
    return await this.#reads.instancePage(await this.#load(), next);
  }

  async managedInstances(): Promise<readonly MirrorInstance[]> {
    return await this.#reads.managedInstances(await this.#load());
  }

  async interfaces(ids: readonly string[]): Promise<readonly MirrorInterface[]> {
    return await this.#reads.interfaces(await this.#load(), ids);
  }

  async sessions(): Promise<readonly MirrorSession[]> {
    return await this.#reads.sessions(await this.#load());
  }

  async targets(): Promise<readonly MirrorTarget[]> {
    return await this.#reads.targets(await this.#load());
  }

  filters(): Promise<readonly MirrorFilter[]> {
    return this.#reads.filters();
  }

  createSession(request: NewSession): Promise<MirrorAnswer<MirrorSession>> {
    return this.#change(async (overlay) => {
      const view = await this.#reads.view(overlay, { target: request.target, interfaces: [request.interface] });
      return createSession(overlay, view, request);
    });
  }

  deleteSession(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => deleteSession(overlay, await this.#reads.view(overlay), id));
  }

  createTarget(request: NewTarget): Promise<MirrorAnswer<MirrorTarget>> {
    return this.#change(async (overlay) => {
      const view = await this.#reads.view(overlay, { interfaces: [request.interface] });
      return createTarget(overlay, view, request, await this.account());
    });
  }

  deleteTarget(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => deleteTarget(overlay, await this.#reads.view(overlay), id));
  }

  runInstance(request: NewInstance): Promise<MirrorAnswer<MirrorInstance>> {
    return this.#change(async (overlay) =>
      runInstance(overlay, request, await this.#reads.placeOf(request.subnet), this.#clock.now()),
    );
  }

  terminateInstance(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => {
      const view = await this.#reads.view(overlay, { instances: [id] });
      return terminateInstance(overlay, view, id, this.#clock.now());
    });
  }

  setTags(id: string, tags: Tags): Promise<MirrorAnswer<null>> {
    return this.#changeTags(id, tags);
  }

  removeTags(id: string, keys: readonly string[]): Promise<MirrorAnswer<null>> {
    return this.#changeTags(id, Object.fromEntries(keys.map((key) => [key, null])));
  }

  close(): void {
    this.#reader.close();
  }

  #changeTags(id: string, change: Readonly<Record<string, string | null>>): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => {
      const lists = await this.#reads.view(overlay);
      const isListed = [...lists.sessions, ...lists.targets].some((one) => one.id === id);
      const view = isListed ? lists : await this.#reads.view(overlay, { instances: [id] });
      return changeTags(overlay, view, id, change);
    });
  }

  async #change<T>(change: (overlay: Overlay) => Promise<Change<T>>): Promise<MirrorAnswer<T>> {
    return await this.#overlay.change(await this.#key(), async (overlay) => {
      const { overlay: after, answer } = await change(overlay);
      return { overlay: after === overlay ? overlay : await this.#reads.withoutPast(after), answer };
    });
  }

  async #key(): Promise<string> {
    return overlayKey(await this.account(), this.region);
  }

  async #load(): Promise<Overlay> {
    return await this.#overlay.read(await this.#key());
  }
}
