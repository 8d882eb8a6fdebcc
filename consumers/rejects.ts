// `vpcflow rejects`: the rejects of a store, with what a backfill knows of other feeds.
import { StoreEvidence } from './backfill/evidence/store-evidence.ts';
import { rejects } from './rejects/main.ts';
import type { Run } from './shared/command.ts';

export const run: Run = rejects((store, clock) => new StoreEvidence(store, clock));
