import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TimeZone;
import org.cqframework.cql.cql2elm.CqlCompilerException;
import org.cqframework.cql.cql2elm.CqlCompilerOptions;
import org.cqframework.cql.cql2elm.LibraryBuilder;
import org.cqframework.cql.cql2elm.LibraryManager;
import org.cqframework.cql.cql2elm.ModelManager;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumService;

/**
 * The reference engine on one measure (a folder) or on the rule expressions of one library (a file), driven by beside_java.py line
 * by line, so that its passes and ours alternate. First a line of what compiling took; then, for each line on standard input:
 *
 *   warm SECONDS   passes until the time is over
 *   pass           one pass: microseconds of every case (a negative number: it failed), or nanoseconds of every definition
 *   end            memory; ends
 */
public final class Times {
    static final ObjectMapper JSON = new ObjectMapper();

    record Case(Map<String, Object> parameters, String patient, String text) {}

    interface Work {
        ObjectNode pass() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Path path = Path.of(args[0]);
        Work work = Files.isDirectory(path) ? new Measured(path) : new Rules(path);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null && !line.equals("end"); line = lines.readLine()) {
            ObjectNode last = work.pass();
            if (line.startsWith("warm ")) {
                long end = now() + (long) (Double.parseDouble(line.substring(5)) * 1e9);
                while (now() < end) last = work.pass();
            }
            say(last);
        }
        var out = JSON.createObjectNode().put("heap_live_mb", heap() >> 20);
        for (String status : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (status.startsWith("VmHWM")) out.put("rss_mb", Long.parseLong(status.replaceAll("\\D", "")) >> 10);
        }
        say(out);
        java.lang.ref.Reference.reachabilityFence(work);
    }

    /** Nanoseconds of CPU of this thread: other work of the machine does not count, nor what the collector and the compiler do beside. */
    static long now() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    static void say(ObjectNode line) {
        System.out.println(line);
        System.out.flush();
    }

    static LibraryManager manager(Map<String, String> texts) throws Exception {
        var options = new CqlCompilerOptions(CqlCompilerException.ErrorSeverity.Info, LibraryBuilder.SignatureLevel.Overloads,
            CqlCompilerOptions.Options.DisableListDemotion, CqlCompilerOptions.Options.DisableListPromotion);
        var libraries = new LibraryManager(new ModelManager(), options);
        try (var in = UcumEssenceService.class.getResourceAsStream("/ucum-essence.xml")) {
            libraries.setUcumService(calendarUnits(new UcumEssenceService(in)));
        }
        libraries.getLibrarySourceLoader().registerProvider(id -> {
            String text = texts.get(id.getId());
            if (text == null) return null;
            // The version that is there stands for the one that is asked for.
            if (id.getVersion() != null)
                text = text.replaceFirst("(?m)^(\\s*library\\s+\\S+\\s+version\\s+')[^']+'", "$1" + id.getVersion() + "'");
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        });
        return libraries;
    }

    // The engine hands calendar words to UCUM, which has none; dozens of cases fail without this.
    static UcumService calendarUnits(UcumService real) {
        String[] words = {"year", "a", "month", "mo", "week", "wk", "day", "d", "hour", "h", "minute", "min", "second", "s", "millisecond", "ms"};
        var units = new HashMap<String, String>();
        for (int i = 0; i < words.length; i += 2) {
            units.put(words[i], words[i + 1]);
            units.put(words[i] + "s", words[i + 1]);
        }
        return (UcumService) Proxy.newProxyInstance(Times.class.getClassLoader(), new Class<?>[] {UcumService.class}, (proxy, method, given) -> {
            if (method.getName().equals("convert"))
                for (int i = 0; i < given.length; i++) if (given[i] instanceof String s) given[i] = units.getOrDefault(s, s);
            try {
                return method.invoke(real, given);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    static long heap() {
        for (int i = 0; i < 3; i++) System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
