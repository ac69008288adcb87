import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import org.cqframework.cql.cql2elm.model.CompiledLibrary;
import org.hl7.elm.r1.VersionedIdentifier;
import org.opencds.cqf.cql.engine.execution.CqlEngine;
import org.opencds.cqf.cql.engine.execution.Environment;

/** The definitions of a library of rule expressions, each evaluated again and again: nanoseconds by name, of the engine's
 *  whole call and of its visitor alone, within a state made once. */
final class Rules implements Times.Work {
    private static final ZonedDateTime NOW = ZonedDateTime.of(2026, 11, 25, 1, 2, 3, 0, ZoneOffset.UTC);
    private static final int ROUNDS = 2000;

    private final VersionedIdentifier id = new VersionedIdentifier().withId("Rules");
    private final CompiledLibrary library;
    private final CqlEngine engine;

    Rules(Path file) throws Exception {
        long begin = Times.now();
        var libraries = Times.manager(Map.of("Rules", Files.readString(file)));
        library = libraries.resolveLibrary(id, new ArrayList<>());
        Times.say(Times.JSON.createObjectNode().put("compile_ms", (Times.now() - begin) / 1e6));
        engine = new CqlEngine(new Environment(libraries));
        Times.say(Times.JSON.createObjectNode());
    }

    @Override
    public ObjectNode pass() {
        var out = Times.JSON.createObjectNode();
        var whole = out.putObject("call_ns");
        var inner = out.putObject("visitor_ns");
        for (var define : library.getLibrary().getStatements().getDef()) {
            var name = Set.of(define.getName());
            long begin = Times.now();
            for (int i = 0; i < ROUNDS; i++) engine.evaluate(id, name, null, Map.of(), null, NOW);
            whole.put(define.getName(), (Times.now() - begin) / (double) ROUNDS);
            var state = engine.getState();
            state.setEvaluationDateTime(NOW);
            state.init(library.getLibrary());
            begin = Times.now();
            for (int i = 0; i < ROUNDS; i++) engine.getEvaluationVisitor().visitExpression(define.getExpression(), state);
            inner.put(define.getName(), (Times.now() - begin) / (double) ROUNDS);
        }
        return out;
    }
}
