// Turns a condition of EC2 into lives of `vpcflow mirror run` that bring it about, each killed at what it changes first.
import { expect } from 'vitest';
import type { CallProxy } from './call-proxy.ts';
import type { MirrorBed } from './mirror-bed.ts';

/** What a changing call has come to when its caller is killed. */
export type Moment = 'before' | 'after';

/** Since when a target is empty: said or not, as the look of the minute falls before a session or after it. */
const ON_THE_WAY = /^(?:Create|Delete)Tags$/;

/**
 * Runs the consumer until `isDone`, and kills each of its lives at the first call of it that changes something: before
 * that reaches EC2, or after it has had its effect, as `moments` say in turn. The last life, which has nothing left to
 * change, is asked to end. Resolves to what was killed.
 */
export const throughKills = async (
  bed: MirrorBed,
  proxy: CallProxy,
  moments: readonly Moment[],
  isDone: () => boolean | Promise<boolean>,
): Promise<readonly string[]> => {
  const killed: string[] = [];
  for (;;) {
    const moment = moments[killed.length % moments.length];
    let isDead = false;
    let running: ReturnType<MirrorBed['startProcess']> | null = null;
    proxy.intervene = (action, when) => {
      if (isDead) return true; // it was under way when its caller died
      if (when !== moment || ON_THE_WAY.test(action)) return false;
      isDead = true;
      killed.push(`${when} ${action}`);
      running?.process.kill('SIGKILL');
      return true;
    };
    running = bed.startProcess();
    const reads = proxy.reads;
    const isOver = async (): Promise<boolean> => proxy.reads > reads && (await bed.isRead()) && (await isDone());
    await bed.until(running, 'it is done or dead', async () => isDead || (await isOver()));
    running.process.kill('SIGTERM');
    const { status, stderr } = await running.ended;
    if (isDead) continue;
    expect(status, stderr).toBe(0);
    return killed;
  }
};
