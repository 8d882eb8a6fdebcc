// What a backfill reads: a file of this machine, or an object in S3.

interface Listed {
  /** Absolute path or s3:// URI: the name under which the content is recorded. */
  readonly name: string;
  readonly size: number; // bytes, when it was listed
}

export interface FileSource extends Listed {
  readonly kind: 'file';
}

export interface S3Source extends Listed {
  readonly kind: 's3';
  readonly bucket: string;
  readonly key: string;
  /** As S3 gives it, quotes included; null where it is not known (an event without one). */
  readonly etag: string | null;
  /** Null: the current one. */
  readonly versionId: string | null;
}

export type SourceObject = FileSource | S3Source;
