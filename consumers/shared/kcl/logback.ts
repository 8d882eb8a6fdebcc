// The daemon's logging configuration: one JSON object a line on its standard output, of what an operator wants to know.

/** The library's own loggers, without the package that all of them are in, and from which level on they are heard. */
const LEVELS: Readonly<Record<string, 'INFO' | 'ERROR' | 'OFF'>> = {
  // That it is up, and what it says while it stops.
  'coordinator.Scheduler': 'INFO',
  'multilang.MultiLangDaemon': 'INFO',
  // Leases taken, handed over, lost; shards ended, their children begun.
  'leases.dynamodb.DynamoDBLeaseRefresher': 'INFO',
  'leases.dynamodb.DynamoDBLeaseRenewer': 'INFO',
  'leases.dynamodb.DynamoDBLeaseTaker': 'INFO',
  'lifecycle.LeaseGracefulShutdownHandler': 'INFO',
  'lifecycle.ProcessTask': 'INFO',
  'lifecycle.ShutdownTask': 'INFO',
  // A child's exit status, and lines on its side of the protocol that are none.
  'multilang.MultiLangShardRecordProcessor': 'INFO',
  'multilang.GetNextMessageTask': 'INFO',
  // What is as it must be: no metrics of the library's own, so nothing that measures the host for them.
  'worker.WorkerMetricsSelector': 'ERROR',
  'metrics.CloudWatchPublisherRunnable': 'ERROR',
  // What a child writes to standard error comes on the daemon's, too.
  'multilang.DrainChildSTDERRTask': 'OFF',
};

const loggers = Object.entries(LEVELS).map(
  ([name, level]) => `  <logger name="software.amazon.kinesis.${name}" level="${level}"/>`,
);

/** A text rather than a file beside this one: it then works from the sources and from a bundle alike. */
export const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder class="ch.qos.logback.classic.encoder.JsonEncoder">
      <withFormattedMessage>true</withFormattedMessage>
      <withMessage>false</withMessage>
      <withArguments>false</withArguments>
      <withSequenceNumber>false</withSequenceNumber>
      <withNanoseconds>false</withNanoseconds>
      <withContext>false</withContext>
      <withThreadName>false</withThreadName>
      <withMDC>false</withMDC>
    </encoder>
  </appender>
${loggers.join('\n')}
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`;
