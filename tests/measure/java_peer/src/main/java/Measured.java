import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.commons.lang3.tuple.Pair;
import org.cqframework.cql.cql2elm.LibraryManager;
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

/** One measure's cases: every population's expression from parsed resources, and from text. */
final class Measured implements Times.Work {
    private static final ZonedDateTime NOW = ZonedDateTime.of(2026, 12, 31, 23, 59, 59, 0, ZoneOffset.UTC);

    private final Set<String> expressions = new LinkedHashSet<>();
    private final IParser parser = FhirContext.forR4Cached().newJsonParser();
    private final Memory data = new Memory();
    private final List<Times.Case> cases;
    private final List<Map<String, List<Resource>>> parsed = new ArrayList<>();
    private final VersionedIdentifier id;
    private final Environment environment;

    Measured(Path folder) throws Exception {
        JsonNode measure = null;
        Map<String, String> texts = new TreeMap<>();
        Map<String, String> versions = new HashMap<>();
        for (JsonNode entry : Times.JSON.readTree(folder.resolve("measure-bundle.json").toFile()).get("entry")) {
            JsonNode r = entry.get("resource");
            if (r.get("resourceType").asText().equals("Measure")) measure = r;
            for (JsonNode content : r.path("content")) {
                if (!content.path("contentType").asText().equals("text/cql")) continue;
                texts.put(r.get("name").asText(), new String(Base64.getDecoder().decode(content.get("data").asText()), StandardCharsets.UTF_8));
                versions.put(r.get("name").asText(), r.get("version").asText());
            }
        }
        String main = measure.get("library").get(0).asText().replaceAll("\\|.*", "").replaceAll(".*/", "");
        id = new VersionedIdentifier().withId(main).withVersion(versions.get(main));
        for (JsonNode group : measure.get("group"))
            for (JsonNode p : group.get("population")) expressions.add(p.get("criteria").get("expression").asText());
        long begin = Times.now();
        LibraryManager libraries = Times.manager(texts);
        libraries.resolveLibrary(id, new ArrayList<>());
        Times.say(Times.JSON.createObjectNode().put("compile_ms", (Times.now() - begin) / 1e6));

        for (var entry : parser.parseResource(Bundle.class, Files.readString(folder.resolve("valuesets.json"))).getEntry())
            data.add((ValueSet) entry.getResource());
        environment = new Environment(libraries, Map.of("http://hl7.org/fhir", new CompositeDataProvider(new R4FhirModelResolver(), data)), data);
        cases = cases(folder.resolve("cases"));
        long before = Times.heap();
        for (Times.Case c : cases) parsed.add(parse(c));
        Times.say(Times.JSON.createObjectNode().put("patient_bytes", (Times.heap() - before) / Math.max(1, cases.size())));
    }

    @Override
    public ObjectNode pass() {
        var out = Times.JSON.createObjectNode();
        var alone = out.putArray("evaluate_us");
        var whole = out.putArray("parse_evaluate_us");
        for (int i = 0; i < cases.size(); i++) {
            long t0 = Times.now();
            data.use(parsed.get(i));
            boolean done = evaluate(cases.get(i));
            long t1 = Times.now();
            data.use(parse(cases.get(i)));
            evaluate(cases.get(i));
            long t2 = Times.now();
            alone.add(done ? (t1 - t0) / 1e3 : -1);
            whole.add(done ? (t2 - t1) / 1e3 : -1);
        }
        return out;
    }

    private static List<Times.Case> cases(Path folder) throws Exception {
        List<Times.Case> cases = new ArrayList<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                JsonNode c = Times.JSON.readTree(file.toFile());
                var bundle = Times.JSON.createObjectNode().put("resourceType", "Bundle").put("type", "collection");
                var entries = bundle.putArray("entry");
                String patient = null;
                for (JsonNode r : c.get("resources")) {
                    entries.addObject().set("resource", r);
                    if (r.get("resourceType").asText().equals("Patient")) patient = r.get("id").asText();
                }
                var period = new Interval(at(c.get("period").get("start").asText(), "T00:00:00.000Z"), true,
                    at(c.get("period").get("end").asText(), "T23:59:59.999Z"), true);
                cases.add(new Times.Case(Map.of("Measurement Period", period), patient, Times.JSON.writeValueAsString(bundle)));
            }
        }
        return cases;
    }

    private static DateTime at(String text, String time) {
        return new DateTime(OffsetDateTime.parse(text.length() == 10 ? text + time : text));
    }

    private Map<String, List<Resource>> parse(Times.Case c) {
        Map<String, List<Resource>> byType = new HashMap<>();
        for (var e : parser.parseResource(Bundle.class, c.text()).getEntry())
            byType.computeIfAbsent(e.getResource().fhirType(), k -> new ArrayList<>()).add(e.getResource());
        return byType;
    }

    private boolean evaluate(Times.Case c) {
        try {
            new CqlEngine(environment, EnumSet.of(CqlEngine.Options.EnableExpressionCaching))
                .evaluate(id, expressions, Pair.of("Patient", (Object) c.patient()), c.parameters(), null, NOW);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }
}
