// The contract of Ec2Mirror, kept through the SDK by the fake EC2 and by moto's wire format, and by plan mode's account.
import { afterAll, describe } from 'vitest';
import { ec2MirrorContract } from '../../../contracts/ec2-mirror.ts';
import { fakeBed, motoBeds, plannedBed } from '../../../contracts/mirror-beds.ts';
import { startMotoServer } from '../../../moto-server.ts';

const ALL = { limits: true, tokens: true, deleteTargets: true, laterTags: true };

ec2MirrorContract({ name: 'EC2', bed: fakeBed, abilities: ALL });
ec2MirrorContract({ name: 'plan mode', bed: plannedBed, abilities: ALL });

const moto = await startMotoServer();
const beds = moto === null ? fakeBed : motoBeds(moto);
afterAll(() => moto?.stop());
describe.skipIf(moto === null)('the wire format of another EC2', () => {
  ec2MirrorContract({
    name: 'moto',
    bed: beds,
    abilities: { limits: false, tokens: false, deleteTargets: false, laterTags: false },
  });
});
