// Turns a problem with a source into one that names what to give to a backfill to read just that again.
import { VpcflowError } from '../../../schemas/errors.ts';

export class SourceError extends VpcflowError {
  /** Path or s3:// URI, as an operand. */
  readonly source: string;

  constructor(source: string, { code, message, cause, help }: VpcflowError) {
    super(code, message, { cause, help });
    this.source = source;
  }
}
