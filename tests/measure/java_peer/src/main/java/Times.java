import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeMap;
import org.apache.commons.lang3.tuple.Pair;
import org.cqframework.cql.cql2elm.CqlCompilerException;
import org.cqframework.cql.cql2elm.CqlCompilerOptions;
import org.cqframework.cql.cql2elm.LibraryBuilder;
import org.cqframework.cql.cql2elm.LibraryManager;
import org.cqframework.cql.cql2elm.ModelManager;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumService;
import org.hl7.elm.r1.VersionedIdentifier;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ValueSet;
import org.opencds.cqf.cql.engine.data.CompositeDataProvider;
import org.opencds.cqf.cql.engine.execution.CqlEngine;
import org.opencds.cqf.cql.engine.execution.Environment;
import org.opencds.cqf.cql.engine.fhir.model.R4FhirModelResolver;
import org.opencds.cqf.cql.engine.runtime.DateTime;
import org.opencds.cqf.cql.engine.runtime.Interval;

/**
 * Times the reference engine on one measure (a folder) or on the rule expressions of one library (a file); prints one JSON object.
 * Of every case the median of some passes after warming, then the median and the 95th percentile over the cases.
 */
public final class Times {
    static final ObjectMapper JSON = new ObjectMapper();

    record Case(Map<String, Object> parameters, String patient, String text) {}

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Path path = Path.of(args[0]);
        double warm = Double.parseDouble(args[1]);
        int passes = Integer.parseInt(args[2]);
        ObjectNode out = Files.isDirectory(path) ? measure(path, warm, passes) : Rules.times(path, warm);
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM")) out.put("rss_mb", Long.parseLong(line.replaceAll("\\D", "")) >> 10);
        }
        System.out.println(out);
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

    static ObjectNode measure(Path folder, double warm, int passes) throws Exception {
        var out = JSON.createObjectNode();
        JsonNode measure = null;
        Map<String, String> texts = new TreeMap<>();
        Map<String, String> versions = new HashMap<>();
        for (JsonNode entry : JSON.readTree(folder.resolve("measure-bundle.json").toFile()).get("entry")) {
            JsonNode r = entry.get("resource");
            if (r.get("resourceType").asText().equals("Measure")) measure = r;
            for (JsonNode content : r.path("content")) {
                if (!content.path("contentType").asText().equals("text/cql")) continue;
                texts.put(r.get("name").asText(), new String(Base64.getDecoder().decode(content.get("data").asText()), StandardCharsets.UTF_8));
                versions.put(r.get("name").asText(), r.get("version").asText());
            }
        }
        String main = measure.get("library").get(0).asText().replaceAll("\\|.*", "").replaceAll(".*/", "");
        var id = new VersionedIdentifier().withId(main).withVersion(versions.get(main));
        Set<String> expressions = new LinkedHashSet<>();
        for (JsonNode group : measure.get("group"))
            for (JsonNode p : group.get("population")) expressions.add(p.get("criteria").get("expression").asText());
        long begin = System.nanoTime();
        LibraryManager libraries = manager(texts);
        libraries.resolveLibrary(id, new ArrayList<>());
        out.put("compile_ms", (System.nanoTime() - begin) / 1e6);

        IParser parser = FhirContext.forR4Cached().newJsonParser();
        var data = new Memory();
        for (var entry : parser.parseResource(Bundle.class, Files.readString(folder.resolve("valuesets.json"))).getEntry())
            data.add((ValueSet) entry.getResource());
        var environment = new Environment(libraries, Map.of("http://hl7.org/fhir", new CompositeDataProvider(new R4FhirModelResolver(), data)), data);
        List<Case> cases = cases(folder.resolve("cases"));
        long before = heap();
        List<Map<String, List<Resource>>> parsed = new ArrayList<>();
        for (Case c : cases) parsed.add(parse(parser, c));
        out.put("patient_bytes", (heap() - before) / Math.max(1, cases.size()));

        int failed = 0;
        long end = System.nanoTime() + (long) (warm * 1e9);
        for (int pass = 0; pass < 2 || System.nanoTime() < end; pass++) {
            failed = 0;
            for (int i = 0; i < cases.size(); i++) {
                data.use(parsed.get(i));
                if (!evaluate(environment, id, expressions, cases.get(i))) failed++;
                data.use(parse(parser, cases.get(i)));
                evaluate(environment, id, expressions, cases.get(i));
            }
            out.put("warm_passes", pass + 1);
        }
        double[][] alone = new double[cases.size()][passes];
        double[][] whole = new double[cases.size()][passes];
        for (int pass = 0; pass < passes; pass++) {
            for (int i = 0; i < cases.size(); i++) {
                long t0 = System.nanoTime();
                data.use(parsed.get(i));
                evaluate(environment, id, expressions, cases.get(i));
                long t1 = System.nanoTime();
                data.use(parse(parser, cases.get(i)));
                evaluate(environment, id, expressions, cases.get(i));
                alone[i][pass] = (t1 - t0) / 1e3;
                whole[i][pass] = (System.nanoTime() - t1) / 1e3;
            }
        }
        out.put("cases", cases.size()).put("failed", failed);
        put(out, "evaluate_us", alone);
        put(out, "parse_evaluate_us", whole);
        out.put("heap_live_mb", heap() >> 20);
        java.lang.ref.Reference.reachabilityFence(parsed);
        return out;
    }

    static void put(ObjectNode out, String name, double[][] times) {
        double[] medians = Arrays.stream(times).mapToDouble(Times::median).sorted().toArray();
        var list = out.putArray(name);
        for (double m : medians) list.add(m);
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    static long heap() {
        for (int i = 0; i < 3; i++) System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    static List<Case> cases(Path folder) throws Exception {
        List<Case> cases = new ArrayList<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                JsonNode c = JSON.readTree(file.toFile());
                var bundle = JSON.createObjectNode().put("resourceType", "Bundle").put("type", "collection");
                var entries = bundle.putArray("entry");
                String patient = null;
                for (JsonNode r : c.get("resources")) {
                    entries.addObject().set("resource", r);
                    if (r.get("resourceType").asText().equals("Patient")) patient = r.get("id").asText();
                }
                var period = new Interval(at(c.get("period").get("start").asText(), "T00:00:00.000Z"), true,
                    at(c.get("period").get("end").asText(), "T23:59:59.999Z"), true);
                cases.add(new Case(Map.of("Measurement Period", period), patient, JSON.writeValueAsString(bundle)));
            }
        }
        return cases;
    }

    static DateTime at(String text, String time) {
        return new DateTime(OffsetDateTime.parse(text.length() == 10 ? text + time : text));
    }

    static Map<String, List<Resource>> parse(IParser parser, Case c) {
        Map<String, List<Resource>> byType = new HashMap<>();
        for (var e : parser.parseResource(Bundle.class, c.text).getEntry())
            byType.computeIfAbsent(e.getResource().fhirType(), k -> new ArrayList<>()).add(e.getResource());
        return byType;
    }

    static boolean evaluate(Environment environment, VersionedIdentifier id, Set<String> expressions, Case c) {
        var now = ZonedDateTime.of(2026, 12, 31, 23, 59, 59, 0, ZoneOffset.UTC);
        try {
            new CqlEngine(environment, EnumSet.of(CqlEngine.Options.EnableExpressionCaching))
                .evaluate(id, expressions, Pair.of("Patient", (Object) c.patient), c.parameters, null, now);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }
}
