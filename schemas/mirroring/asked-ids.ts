// How ids look by which people ask about mirroring: EC2's, and those of stand-ins. An id of another kind finds nothing.

export interface IdForm {
  readonly form: RegExp;
  /** What it is, to follow "the id of". */
  readonly what: string;
}

/** Hexadecimal, as AWS's own are; those of stand-ins are longer or shorter, or have parts. */
export const ASKED_IDS = {
  interface: { form: /^eni-[0-9a-f][0-9a-f-]{0,63}$/, what: 'an interface: eni-…' },
  instance: { form: /^i-[0-9a-f][0-9a-f-]{0,63}$/, what: 'an instance: i-…' },
  session: { form: /^(?:tms|traf-mir-ses)-[0-9a-f][0-9a-f-]{0,63}$/, what: 'a session: tms-…' },
} as const satisfies Record<string, IdForm>;

/** `needs the id of an interface: eni-…`, to follow a name. */
export const needsId = ({ what }: IdForm): string => `needs the id of ${what}`;
