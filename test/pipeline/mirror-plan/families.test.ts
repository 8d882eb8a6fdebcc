// What EC2's lists say of instance types: which can be mirrored, and how many sources a target on one takes.
import { describe, expect, test } from 'vitest';
import { canMirror, mirrorSupport } from '../../../pipeline/mirror-plan/families.ts';
import { sourcesOfTarget } from '../../../pipeline/mirror-plan/targets/target-sizes.ts';

describe('EC2 mirrors', () => {
  test.each([
    ['t3.micro', 'supported'],
    ['m5.large', 'supported'],
    ['M5.Large', 'supported'],
    ['c7i-flex.large', 'supported'],
    ['u-6tb1.112xlarge', 'supported'],
    ['u7in-16tb.224xlarge', 'supported'],
    ['m5.metal', 'supported'],
    ['mac2-m2pro.metal', 'supported'],
    ['m6i.metal', 'unsupported'],
    ['m7i.metal-24xl', 'unsupported'],
    ['t2.micro', 'unsupported'],
    ['m3.medium', 'unsupported'],
    ['p2.xlarge', 'unsupported'],
    ['m8g.large', 'unknown'],
    ['z99.nano', 'unknown'],
  ])('%s: %s', (type, support) => {
    expect(mirrorSupport(type)).toBe(support);
    expect(canMirror(type)).toBe(support !== 'unsupported');
  });
});

describe('a target takes', () => {
  test.each([
    ['m5.24xlarge', 100],
    ['c5.18xlarge', 100],
    ['m8gn.24xlarge', 100],
    ['m8gn.48xlarge', 100],
    ['trn2.3xlarge', 100],
    ['hpc7g.4xlarge', 100],
    ['m5.12xlarge', 10],
    ['c5.9xlarge', 10],
    ['m5.metal', 10],
    ['t3.micro', 10],
    ['z99.nano', 10],
    [null, 10],
  ])('on %s: %i sources', (type, sources) => expect(sourcesOfTarget(type)).toBe(sources));
});
