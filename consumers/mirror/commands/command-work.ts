// Turns the context of a command into the account and the work on it, as one process that ends with the command.
import { hostname } from 'node:os';
import type { CommandContext } from '../../shared/command.ts';
import { NO_METER } from '../../shared/metrics/no-meter.ts';
import { type OpenedAccount, type Opening, openAccount } from '../account/open-account.ts';
import { MirrorWork } from '../turn/work.ts';
import { processName } from '../worker/worker-name.ts';

export interface CommandWork {
  readonly account: OpenedAccount;
  readonly work: MirrorWork;
}

/**
 * The exit status that `act` makes of the account, which is closed at the end in any case; 1 where it was interrupted.
 * Rejects as `openAccount` does.
 */
export const withWork = async (
  context: CommandContext,
  opening: Opening,
  act: (opened: CommandWork) => Promise<number>,
): Promise<number> => {
  let account: OpenedAccount | null = null;
  try {
    account = await openAccount(context, opening);
    const worker = processName(context.options.workerId ?? hostname());
    // A command says itself what it did.
    const work = new MirrorWork({ ...account, worker, clock: context.clock, meter: NO_METER });
    return await act({ account, work });
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.stderr.write('vpcflow: interrupted; run it again to go on where it stopped\n');
    return 1;
  } finally {
    await account?.close();
  }
};
