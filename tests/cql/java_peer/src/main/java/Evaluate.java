import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
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
import org.hl7.elm.r1.VersionedIdentifier;
import org.opencds.cqf.cql.engine.execution.CqlEngine;
import org.opencds.cqf.cql.engine.execution.Environment;
import org.opencds.cqf.cql.engine.runtime.CqlType;
import org.opencds.cqf.cql.engine.runtime.Interval;
import org.opencds.cqf.cql.engine.runtime.Quantity;
import org.opencds.cqf.cql.engine.runtime.Tuple;

/** Evaluates every definition of one library; prints "name TAB value" lines, values in one canonical form. */
public final class Evaluate {
    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        String text = Files.readString(Path.of(args[0]));
        var options = new CqlCompilerOptions(CqlCompilerException.ErrorSeverity.Info, LibraryBuilder.SignatureLevel.Overloads,
            CqlCompilerOptions.Options.DisableListDemotion, CqlCompilerOptions.Options.DisableListPromotion);
        var libraries = new LibraryManager(new ModelManager(), options);
        libraries.getLibrarySourceLoader().registerProvider(id -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        var id = new VersionedIdentifier().withId("Random");
        List<CqlCompilerException> messages = new ArrayList<>();
        var library = libraries.resolveLibrary(id, messages);
        for (var m : messages) if (m.getSeverity() == CqlCompilerException.ErrorSeverity.Error) System.err.println(m.getMessage());
        var engine = new CqlEngine(new Environment(libraries));
        var now = ZonedDateTime.of(2026, 11, 25, 1, 2, 3, 0, ZoneOffset.UTC);
        for (var define : library.getLibrary().getStatements().getDef()) {
            String shown;
            try {
                shown = show(engine.evaluate(id, Set.of(define.getName()), null, Map.of(), null, now).forExpression(define.getName()).value());
            } catch (Exception e) {
                shown = "error";
            }
            System.out.println(define.getName() + "\t" + shown);
        }
    }

    static String show(Object v) {
        if (v == null) return "null";
        if (v instanceof BigDecimal d) return number(d);
        if (v instanceof String s) return "'" + s + "'";
        if (v instanceof Iterable<?> list) {
            List<String> parts = new ArrayList<>();
            for (Object o : list) parts.add(show(o));
            return "{" + String.join(", ", parts) + "}";
        }
        if (v instanceof Interval i) {
            return (i.getLowClosed() ? "[" : "(") + show(i.getLow()) + ", " + show(i.getHigh()) + (i.getHighClosed() ? "]" : ")");
        }
        if (v instanceof Quantity q) return number(q.getValue()) + " '" + q.getUnit() + "'";
        if (v instanceof Tuple t) {
            return t.getElements().entrySet().stream().map(e -> e.getKey() + ": " + show(e.getValue())).sorted().collect(Collectors.joining(", ", "{", "}"));
        }
        if (v instanceof CqlType) return v.toString();
        return String.valueOf(v);
    }

    static String number(BigDecimal d) {
        BigDecimal s = d.stripTrailingZeros();
        return s.signum() == 0 ? "0" : s.toPlainString();
    }
}
