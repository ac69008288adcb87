import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.stream.Collectors;
import org.cqframework.cql.cql2elm.CqlCompilerException;
import org.cqframework.cql.cql2elm.CqlCompilerOptions;
import org.cqframework.cql.cql2elm.LibraryBuilder;
import org.cqframework.cql.cql2elm.LibraryManager;
import org.cqframework.cql.cql2elm.ModelManager;
import org.fhir.ucum.UcumEssenceService;
import org.hl7.elm.r1.VersionedIdentifier;
import org.opencds.cqf.cql.engine.execution.CqlEngine;
import org.opencds.cqf.cql.engine.execution.Environment;
import org.opencds.cqf.cql.engine.runtime.BaseTemporal;
import org.opencds.cqf.cql.engine.runtime.Code;
import org.opencds.cqf.cql.engine.runtime.Concept;
import org.opencds.cqf.cql.engine.runtime.Date;
import org.opencds.cqf.cql.engine.runtime.DateTime;
import org.opencds.cqf.cql.engine.runtime.Interval;
import org.opencds.cqf.cql.engine.runtime.Precision;
import org.opencds.cqf.cql.engine.runtime.Quantity;
import org.opencds.cqf.cql.engine.runtime.Ratio;
import org.opencds.cqf.cql.engine.runtime.Time;
import org.opencds.cqf.cql.engine.runtime.Tuple;

/**
 * Evaluates every definition of one library, one definition a line; prints "name TAB literal" lines. What the translator refuses
 * is "invalid: why", what fails while it runs "error: why".
 */
public final class Evaluate {
    private static final VersionedIdentifier ID = new VersionedIdentifier().withId("Random");
    private static final ZonedDateTime NOW = ZonedDateTime.of(2026, 11, 25, 1, 2, 3, 0, ZoneOffset.UTC);

    private static LibraryManager manager(String text) throws Exception {
        var options = new CqlCompilerOptions(CqlCompilerException.ErrorSeverity.Info, LibraryBuilder.SignatureLevel.Overloads,
            CqlCompilerOptions.Options.EnableLocators, CqlCompilerOptions.Options.DisableListDemotion,
            CqlCompilerOptions.Options.DisableListPromotion);
        var libraries = new LibraryManager(new ModelManager(), options);
        try (var in = UcumEssenceService.class.getResourceAsStream("/ucum-essence.xml")) {
            libraries.setUcumService(new UcumEssenceService(in));
        }
        libraries.getLibrarySourceLoader().registerProvider(id -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        return libraries;
    }

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of(args[0])));
        Map<String, String> refused = new HashMap<>();
        var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        // A library with one error is never kept by the engine: lines with errors are taken out until none is left.
        LibraryManager libraries = null;
        for (int round = 0; round < 20; ++round) {
            libraries = manager(String.join("\n", lines));
            List<CqlCompilerException> messages = new ArrayList<>();
            libraries.resolveLibrary(ID, messages);
            boolean fine = true;
            for (var m : messages) {
                if (m.getSeverity() != CqlCompilerException.ErrorSeverity.Error) continue;
                if (m.getLocator() == null) throw new IllegalStateException(m.getMessage());
                fine = false;
                int at = m.getLocator().getStartLine() - 1;
                while (at > 0 && !lines.get(at).startsWith("define ")) --at;
                String name = nameOf(lines.get(at));
                if (name != null) refused.putIfAbsent(name, "invalid: " + oneLine(m.getMessage()));
                lines.set(at, "");
            }
            if (fine) break;
        }
        for (var e : refused.entrySet()) out.println(e.getKey() + "\t" + e.getValue());
        var engine = new CqlEngine(new Environment(libraries));
        for (String line : lines) {
            String name = nameOf(line);
            if (name == null) continue;
            String shown;
            try {
                shown = show(engine.evaluate(ID, Set.of(name), null, Map.of(), null, NOW).forExpression(name).value());
            } catch (Throwable e) {
                Throwable root = e;
                while (root.getCause() != null && root.getCause() != root) root = root.getCause();
                shown = "error: " + oneLine(root.getClass().getSimpleName() + " " + root.getMessage());
            }
            out.println(name + "\t" + shown);
        }
        out.flush();
    }

    private static String nameOf(String line) {
        return line.startsWith("define ") ? line.substring(7, line.indexOf(':')) : null;
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ");
    }

    // As CQL literals; instants at their precision in their own offset.
    static String show(Object v) {
        if (v == null) return "null";
        if (v instanceof BigDecimal d) return number(d);
        if (v instanceof Long l) return l + "L";
        if (v instanceof String s) return "'" + s.replace("\\", "\\\\").replace("'", "\\'") + "'";
        if (v instanceof Iterable<?> list) {
            List<String> parts = new ArrayList<>();
            for (Object o : list) parts.add(show(o));
            return "{" + String.join(", ", parts) + "}";
        }
        if (v instanceof Interval i) {
            return (i.getLowClosed() ? "Interval[" : "Interval(") + show(i.getLow()) + ", " + show(i.getHigh()) + (i.getHighClosed() ? "]" : ")");
        }
        if (v instanceof Quantity q) return number(q.getValue()) + " '" + q.getUnit() + "'";
        if (v instanceof Ratio r) return show(r.getNumerator()) + ":" + show(r.getDenominator());
        if (v instanceof Tuple t) {
            return t.getElements().entrySet().stream().map(e -> e.getKey() + ": " + show(e.getValue()))
                .sorted().collect(Collectors.joining(", ", "Tuple { ", " }"));
        }
        if (v instanceof Code c) return "Code { code: " + show(c.getCode()) + ", system: " + show(c.getSystem()) + " }";
        if (v instanceof Concept c) return "Concept { codes: " + show(c.getCodes()) + " }";
        if (v instanceof BaseTemporal t) return temporal(t);
        return String.valueOf(v);
    }

    private static String temporal(BaseTemporal t) {
        int places = t.getPrecision().toDateTimeIndex() + 1;
        if (t instanceof Time time) {
            return "@T" + cut(time.getTime().format(java.time.format.DateTimeFormatter.ofPattern("HH:mm:ss.SSS")),
                new int[] {2, 5, 8, 12}[t.getPrecision().toTimeIndex()]);
        }
        int[] ends = {4, 7, 10, 13, 16, 19, 23};
        if (t instanceof Date d) {
            return "@" + cut(d.getDate().toString(), ends[places - 1]);
        }
        var at = ((DateTime) t).getDateTime();
        String text = cut(at.format(java.time.format.DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS")), ends[places - 1]);
        boolean hours = places > Precision.DAY.toDateTimeIndex() + 1;
        return "@" + text + (places <= 3 ? "T" : "") + (hours ? at.getOffset().toString() : "");
    }

    private static String cut(String text, int length) {
        return text.substring(0, Math.min(length, text.length()));
    }

    static String number(BigDecimal d) {
        if (d == null) return "null";
        BigDecimal s = d.signum() == 0 ? BigDecimal.ZERO : d.stripTrailingZeros();
        return s.scale() < 1 ? s.setScale(1).toPlainString() : s.toPlainString();
    }
}
