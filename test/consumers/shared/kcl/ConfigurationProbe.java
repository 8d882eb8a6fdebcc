// Turns properties files into what the Client Library makes of them: every setting of its configuration objects, a line each.

import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.SdkClient;
import software.amazon.kinesis.multilang.MultiLangDaemonConfig;
import software.amazon.kinesis.multilang.MultiLangRecordProcessorFactory;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;

public class ConfigurationProbe {
    private static final Map<Object, Boolean> SEEN = new IdentityHashMap<>();

    /** `name.properties` becomes `name.settings` (of the library) and `name.read` (by java.util.Properties). */
    public static void main(String[] arguments) throws Exception {
        ((ch.qos.logback.classic.LoggerContext) LoggerFactory.getILoggerFactory()).reset();
        List<Path> files;
        try (Stream<Path> entries = Files.list(Path.of(arguments[0]))) {
            files = entries.filter(path -> path.toString().endsWith(".properties")).sorted().collect(Collectors.toList());
        }
        for (Path file : files) {
            Properties read = new Properties();
            read.load(Files.newInputStream(file));
            write(file, ".read", read.stringPropertyNames().stream().collect(Collectors.toMap(n -> n, read::getProperty)));
            Map<String, String> settings = new TreeMap<>();
            try {
                probe(file, settings);
            } catch (Throwable error) {
                Throwable cause = error;
                while (cause.getCause() != null) cause = cause.getCause();
                settings.put("error", cause.toString());
            }
            write(file, ".settings", settings);
        }
        System.exit(0);
    }

    private static void probe(Path file, Map<String, String> settings) throws Exception {
        MultiLangDaemonConfig config = new MultiLangDaemonConfig(file.toString());
        MultiLangDaemonConfiguration configuration = config.getMultiLangDaemonConfiguration();
        for (String direct : List.of("applicationName", "timeoutInSeconds", "shutdownGraceMillis", "workerIdentifier")) {
            Field field = MultiLangDaemonConfiguration.class.getDeclaredField(direct);
            field.setAccessible(true);
            settings.put("daemon." + direct, String.valueOf(field.get(configuration)));
        }
        settings.put("daemon.command", command(config.getRecordProcessorFactory()));
        Method resolve = null;
        for (Method method : MultiLangDaemonConfiguration.class.getDeclaredMethods()) {
            if (method.getName().equals("resolvedConfiguration")) resolve = method;
        }
        resolve.setAccessible(true);
        SEEN.clear();
        dump("", resolve.invoke(configuration, config.getRecordProcessorFactory()), settings);
    }

    private static String command(MultiLangRecordProcessorFactory factory) throws Exception {
        Field field = MultiLangRecordProcessorFactory.class.getDeclaredField("commandArray");
        field.setAccessible(true);
        return String.join("|", (String[]) field.get(factory));
    }

    private static void dump(String path, Object value, Map<String, String> settings) throws Exception {
        if (value instanceof MultiLangRecordProcessorFactory) return; // It holds what was read, used or not.
        if (value instanceof SdkClient) {
            var client = ((SdkClient) value).serviceClientConfiguration();
            Object region = client.getClass().getMethod("region").invoke(client);
            settings.put(path, region + " " + client.endpointOverride().map(Object::toString).orElse("-"));
        } else if (value instanceof Collection) {
            settings.put(path, ((Collection<?>) value).stream().map(String::valueOf).sorted().collect(Collectors.joining(",")));
        } else if (value instanceof Optional) {
            settings.put(path, ((Optional<?>) value).map(String::valueOf).orElse("none"));
        } else if (value == null || value instanceof Enum || value.getClass().getName().startsWith("java.")) {
            if (!String.valueOf(value).contains("@")) settings.put(path, String.valueOf(value));
        } else if (value.getClass().getName().startsWith("software.amazon.kinesis.")
                && !value.getClass().getName().contains("$$Lambda")
                && SEEN.put(value, true) == null) {
            for (Class<?> type = value.getClass(); !type.getName().startsWith("java."); type = type.getSuperclass()) {
                for (Field field : type.getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers())) continue;
                    field.setAccessible(true);
                    dump(path.isEmpty() ? field.getName() : path + "." + field.getName(), field.get(value), settings);
                }
            }
        }
    }

    private static void write(Path file, String suffix, Map<String, String> pairs) throws Exception {
        Path target = Path.of(file.toString().replaceAll("\\.properties$", suffix));
        try (PrintStream out = new PrintStream(target.toFile(), "UTF-8")) {
            for (Map.Entry<String, String> pair : new TreeMap<>(pairs).entrySet()) {
                out.print(pair.getKey() + "\u0000" + pair.getValue() + "\u0001");
            }
        }
    }
}
