// Turns the instance type of a target's host into how many sources the target takes.

const LARGE_SOURCES = 100;
const SMALL_SOURCES = 10;

/**
 * Types whose interfaces take 100 sources, family and sizes in xlarge; `*` is any size. Source: Traffic Mirroring
 * Guide, "Quotas". Where the guide's list leaves open which sizes it means, only the largest stands here.
 */
const LARGE = new Set(
  `
  m5 24, m5d 24, m5dn 24, m5n 24, m5zn 12, m6a 48, m6g 16, m6gd 16, m6i 32, m6id 32, m6idn 32, m6in 32, m7a 48, m7i 48,
  m8a 48, m8azn 24, m8g 48, m8gd 48, m8gb 24 48, m8gn 24 48, m8i 96, m8id 96, m8in 48 96, m8idn 48 96, m8ib 48 96,
  m8idb 48 96, m8ine 12,
  c5 18 24, c5d 18 24, c5n 18, c6a 48, c6g 16, c6gd 16, c6gn 16, c6i 32, c6id 32, c6in 32, c7a 48, c7i 48, c7gn 16,
  c8a 48, c8g 48, c8gd 48, c8gb 24 48, c8gn 24 48, c8i 96, c8id 96, c8in 48 96, c8ib 48 96, c8ine 12,
  r5 24, r5b 24, r5d 24, r5dn 24, r5n 24, r6a 48, r6g 16, r6gd 16, r6i 32, r6id 32, r6idn 32, r6in 32, r7a 48, r7i 48,
  r7iz 32, r8a 48, r8g 48, r8gd 48, r8gb 24 48, r8gn 24 48, r8i 96, r8id 96, r8in 48 96, r8idn 48 96, r8ib 48 96,
  r8idb 48 96,
  u-3tb1 56, u-6tb1 112, u-9tb1 112, u-12tb1 112, u-18tb1 112, u-24tb1 112, u7i-6tb 112, u7i-8tb 112, u7i-12tb 224,
  u7in-16tb 224, u7in-24tb 224, u7in-32tb 224, u7inh-32tb 480, x2gd 16, x2idn 32, x2iedn 32, x2iezn 12, x8g 48, z1d 12,
  i3en 24, i4g 16, i4i 32, i7i 48, i7ie 48, i8g 48, i8ge 48, im4gn 16,
  dl1 24, dl2q 24, f2 48, g5 48, g5g 16, g6 48, g6e 12 24 48, g7e 12 24 48, inf1 24, inf2 48, p3dn 24, p4d 24, p4de 24,
  p5 4 48, p5e 48, p5en 48, p6-b200 *, p6-b300 *, p6e-gb200 *, trn1 32, trn1n 32, trn2 *, trn2u *, vt1 24,
  hpc6a 48, hpc6id 32, hpc7a *, hpc7g *, hpc8a 96
  `
    .split(',')
    .map((entry) => entry.trim().split(/\s+/))
    .flatMap(([family, ...sizes]) => sizes.map((size) => (size === '*' ? `${family}.*` : `${family}.${size}xlarge`))),
);

/** Sources of a target that is an interface of an instance of this type; null, a host that nobody can see: the fewer. */
export function sourcesOfTarget(hostType: string | null): number {
  if (hostType === null) return SMALL_SOURCES;
  const type = hostType.toLowerCase();
  return LARGE.has(type) || LARGE.has(`${type.split('.')[0]}.*`) ? LARGE_SOURCES : SMALL_SOURCES;
}
