// Turns what the operating system says when a store fails into one sentence that names the place and the cause.
import { VpcflowError } from '../../../schemas/errors.ts';

const CAUSES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'the operation is not permitted there'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'a part of the path is a file, not a directory'],
  ['EISDIR', 'a directory is in the way'],
  ['ENOTEMPTY', 'a directory is in the way'],
  ['EEXIST', 'something else is in the way'],
  ['ENOENT', 'a part of the path is gone'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['ELOOP', 'the path has too many symbolic links'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
  ['EIO', 'the device reports an error'],
  ['ESTALE', 'the network file system lost the file'],
  ['EXDEV', 'a part of the store lies on another file system'],
  ['ENOTSUP', 'the file system does not support the operation'],
]);

/** The `code` of a Node.js system error, or undefined. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** In a sentence's words where there are some, otherwise the error's own. */
export const failureReason = (error: unknown): string =>
  CAUSES.get(systemCode(error) ?? '') ?? (error instanceof Error ? error.message : `${error}`);

/** A VF_STORE_UNREACHABLE that says which store, doing what, and why; a VpcflowError is handed on as it is. */
export const storeFailure = (uri: string, doing: string, error: unknown): VpcflowError => {
  if (error instanceof VpcflowError) return error;
  return new VpcflowError('VF_STORE_UNREACHABLE', `${uri}: cannot ${doing}: ${failureReason(error)}`, { cause: error });
};
