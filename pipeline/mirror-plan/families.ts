// Turns an instance type into whether EC2 can mirror its interfaces, as far as EC2's own list says.

/** Virtual sizes; source: Traffic Mirroring Guide, "Supported instance types", August 2025. */
const SUPPORTED = families(`
  a1 m4 m5 m5a m5ad m5d m5dn m5n m5zn m6a m6g m6gd m6i m6id m6idn m6in m7a m7g m7gd m7i m7i-flex t3 t3a t4g
  c4 c5 c5a c5ad c5d c5n c6a c6g c6gd c6gn c6i c6id c6in c7a c7g c7gd c7i c7i-flex
  r4 r5 r5a r5ad r5b r5d r5dn r5n r6a r6g r6gd r6i r6id r6idn r6in r7a r7g r7gd r7i r7iz
  u-3tb1 u-6tb1 u-9tb1 u-12tb1 u-18tb1 u-24tb1 u7i-6tb u7i-8tb u7i-12tb u7in-16tb u7in-24tb u7in-32tb u7inh-32tb
  x1 x1e x2gd x2idn x2iedn x2iezn z1d d2 d3 d3en h1 i3 i3en i4g i4i i7i im4gn is4gen
  dl1 dl2q f2 g3 g4ad g4dn g5 g5g g6 g6e g6f gr6 gr6f inf1 inf2 p3 p3dn p4d p4de p5 p5e trn1 trn1n vt1
  hpc6a hpc6id hpc7a
`);

/** Bare metal sizes; the same list. Others cannot be mirrored. */
const SUPPORTED_METAL = families(`
  m5 m5d m6g m6gd mac1 mac2 mac2-m1ultra mac2-m2 mac2-m2pro a1 c5 c5d c6g c6gd r5 r5b r5d r6g r6gd x2gd z1d i3 g5g
`);

/** Generations without Nitro that the list has never had. What is merely younger than the list is tried. */
const UNSUPPORTED = families('t1 t2 m1 m2 m3 c1 c3 r3 i2 p2');

function families(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** `m5` of `m5.large`, in lower case. */
export const familyOf = (type: string): string => type.toLowerCase().split('.')[0];

/**
 * `unknown`: the list does not name the family, which may be younger than the list: EC2 says NetworkInterfaceNotSupported
 * where it cannot.
 */
export function mirrorSupport(type: string): 'supported' | 'unsupported' | 'unknown' {
  const family = familyOf(type);
  if (/\.metal/.test(type.toLowerCase())) return SUPPORTED_METAL.has(family) ? 'supported' : 'unsupported';
  if (SUPPORTED.has(family)) return 'supported';
  return UNSUPPORTED.has(family) ? 'unsupported' : 'unknown';
}

/** Whether it is worth asking EC2: everything but what it is known to refuse. */
export const canMirror = (type: string): boolean => mirrorSupport(type) !== 'unsupported';
