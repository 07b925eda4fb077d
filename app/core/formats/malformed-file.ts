import { StatusError } from '../status.ts';

/** A file that is not what its format demands, with the place where that shows. Inspectors turn it into a verdict. */
export class MalformedFile extends StatusError {
  /** @param offset byte offset of the trouble in the file. */
  constructor(why: string, offset?: number) {
    super('invalid-argument', offset === undefined ? why : `at byte ${offset}: ${why}`);
  }
}
