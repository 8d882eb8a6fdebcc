// The part of Ec2Mirror's contract that is about refusals: each limit and condition of traffic mirroring, by EC2's code.
import { expect, it } from 'vitest';
import { type BedCalls, codeOf, type MirrorBed } from './mirror-bed.ts';

export const ec2MirrorLimits = (current: () => { readonly bed: MirrorBed; readonly calls: BedCalls }): void => {
  it('an interface has at most three sessions, each with a number of its own', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    await calls.session(id, { number: 1 });
    expect(await codeOf(bed.ec2.createSession(calls.newSession(id, { number: 1 })))).toBe('InvalidParameterValue');
    await calls.session(id, { number: 2 });
    await calls.session(id, { number: 32_766 });
    expect(await codeOf(bed.ec2.createSession(calls.newSession(id, { number: 3 })))).toBe(
      'TrafficMirrorSessionsPerInterfaceLimitExceeded',
    );
    expect((await bed.ec2.sessions()).map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([1, 2, 32_766]);
  });

  it('the number of a taken session is named in the refusal', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    await calls.session(id);
    expect(await bed.ec2.createSession(calls.newSession(id))).toMatchObject({
      ...{ ok: false, code: 'InvalidParameterValue', message: expect.stringMatching(/session number 1\b/i) },
    });
  });

  it('a target that is an interface has at most ten sources; one more session of a source is none more', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    for (const source of bed.sources.slice(0, 10)) await calls.session(id, { interface: source.interface });
    expect(await codeOf(bed.ec2.createSession(calls.newSession(id, { interface: bed.sources[10]!.interface })))).toBe(
      'TrafficMirrorSourcesPerTargetLimitExceeded',
    );
    await calls.session(id, { number: 2 });
    const other = await calls.target(bed.hosts[1]);
    await calls.session(other.id, { interface: bed.sources[10]!.interface });
  });

  it('an interface is a source or a target, not both, and one target', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    await calls.session(id);
    const [host, source] = [bed.hosts[0]!, bed.sources[0]!.interface];
    expect(await codeOf(bed.ec2.createSession(calls.newSession(id, { interface: host })))).toBe(
      'InterfaceInUseByTrafficMirrorTarget',
    );
    expect(await codeOf(bed.ec2.createTarget(calls.newTarget(source)))).toBe('InterfaceInUseByTrafficMirrorSession');
    expect(await codeOf(bed.ec2.createTarget(calls.newTarget(host)))).toBe('InterfaceInUseByTrafficMirrorTarget');
  });

  it('what is unknown has its own code', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    const [none, create] = ['0fffffffffffffff0', bed.ec2.createSession.bind(bed.ec2)];
    expect(await codeOf(create(calls.newSession(`tmt-${none}`)))).toBe('InvalidTrafficMirrorTargetId.NotFound');
    expect(await codeOf(create(calls.newSession(id, { filter: `tmf-${none}` })))).toBe(
      'InvalidTrafficMirrorFilterId.NotFound',
    );
    expect(await codeOf(create(calls.newSession(id, { interface: `eni-${none}` })))).toBe(
      'InvalidNetworkInterfaceID.NotFound',
    );
    expect(await codeOf(bed.ec2.createTarget(calls.newTarget(`eni-${none}`)))).toBe('InvalidTrafficMirrorTarget');
    for (const [unknown, code] of [
      [`tms-${none}`, 'InvalidTrafficMirrorSessionId.NotFound'],
      [`tmt-${none}`, 'InvalidTrafficMirrorTargetId.NotFound'],
      [`i-${none}`, 'InvalidInstanceID.NotFound'],
    ] as const) {
      expect(await codeOf(bed.ec2.setTags(unknown, { a: '1' }))).toBe(code);
    }
  });

  it('only attached interfaces of instances of newer families are sources', async () => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    for (const source of [bed.unsupported, bed.unattached]) {
      expect(await codeOf(bed.ec2.createSession(calls.newSession(id, { interface: source })))).toBe(
        'NetworkInterfaceNotSupported',
      );
    }
    expect(await bed.ec2.sessions()).toEqual([]);
  });

  it.each([
    ['session number', { number: 0 }],
    ['session number', { number: 32_767 }],
    ['packet length', { packetLength: 8_501 }],
    ['virtual network', { virtualNetworkId: 16_777_216 }],
  ])('a %s out of range is refused: %j', async (_, change) => {
    const { bed, calls } = current();
    const { id } = await calls.target();
    expect(await codeOf(bed.ec2.createSession(calls.newSession(id, change)))).toBe('InvalidParameterValue');
  });

  it('a target is not deleted while a session uses it', async () => {
    const { bed, calls } = current();
    const target = await calls.target();
    const session = await calls.session(target.id);
    expect(await codeOf(bed.ec2.deleteTarget(target.id))).toBe('TrafficMirrorTargetInUseException');
    expect(await bed.ec2.targets()).toEqual([target]);
    await bed.ec2.deleteSession(session.id);
    expect(await codeOf(bed.ec2.deleteTarget(target.id))).toBe('ok');
  });
};
