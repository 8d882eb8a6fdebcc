// Who may ask a server what: the roles of its routes and of those who ask.

/** `operate` includes `read`. */
export type Role = 'read' | 'operate';

/** Whoever asks, once it is known. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
}
