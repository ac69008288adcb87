import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import org.hl7.elm.r1.VersionedIdentifier;
import org.opencds.cqf.cql.engine.execution.CqlEngine;
import org.opencds.cqf.cql.engine.execution.Environment;

/** The definitions of a library of rule expressions, each evaluated again and again: nanoseconds by name. */
final class Rules {
    static ObjectNode times(Path file, double seconds) throws Exception {
        var out = Times.JSON.createObjectNode();
        String text = Files.readString(file);
        var id = new VersionedIdentifier().withId("Rules");
        var libraries = Times.manager(Map.of("Rules", text));
        var library = libraries.resolveLibrary(id, new ArrayList<>());
        var engine = new CqlEngine(new Environment(libraries));
        var now = ZonedDateTime.of(2026, 11, 25, 1, 2, 3, 0, ZoneOffset.UTC);
        for (var define : library.getLibrary().getStatements().getDef()) {
            var name = Set.of(define.getName());
            long end = System.nanoTime() + (long) (seconds * 1e9);
            while (System.nanoTime() < end) engine.evaluate(id, name, null, Map.of(), null, now);
            final int rounds = 2000;
            double best = Double.MAX_VALUE;
            for (int k = 0; k < 5; k++) {
                long begin = System.nanoTime();
                for (int i = 0; i < rounds; i++) engine.evaluate(id, name, null, Map.of(), null, now);
                best = Math.min(best, (System.nanoTime() - begin) / (double) rounds);
            }
            out.put(define.getName(), best);
        }
        return out;
    }
}
