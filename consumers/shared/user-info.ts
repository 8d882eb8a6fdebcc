// Turns a URI that may hold a user and a password into what a message or a listing may show of it.

/** What stands before the last `@` of a URI whose first part has a `@` or a `:` may be a secret, which may hold a slash. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)(?=[^/]*[@:]).*@/is;

/** Whether a URI has a part for a user and a password. */
export const hasUserInfo = (uri: string): boolean => USER_INFO.test(uri);

/** `s3://…@bucket` of `s3://KEY:SECRET@bucket`; anything else as it is. */
export const withoutUserInfo = (uri: string): string => uri.replace(USER_INFO, '$1…@');
