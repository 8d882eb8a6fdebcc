// Turns the outcome of a request into the answer that Firehose takes for one.

const MAX_MESSAGE = 8192; // characters

/** `{"requestId","timestamp","errorMessage"?}`: anything else, and any other request id, is a failure to Firehose. */
export const responseBody = (requestId: string, now: number, errorMessage: string | null): string =>
  JSON.stringify({
    requestId,
    timestamp: now, // Unix ms, a number
    ...(errorMessage === null ? {} : { errorMessage: errorMessage.slice(0, MAX_MESSAGE) }),
  });
