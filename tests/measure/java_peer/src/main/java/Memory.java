import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hl7.fhir.r4.model.Base;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.Coding;
import org.hl7.fhir.r4.model.PrimitiveType;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ValueSet;
import org.opencds.cqf.cql.engine.retrieve.RetrieveProvider;
import org.opencds.cqf.cql.engine.runtime.Code;
import org.opencds.cqf.cql.engine.runtime.Interval;
import org.opencds.cqf.cql.engine.terminology.CodeSystemInfo;
import org.opencds.cqf.cql.engine.terminology.TerminologyProvider;
import org.opencds.cqf.cql.engine.terminology.ValueSetInfo;

/** One patient's resources and the value sets in memory. A profiled type means that meta.profile names the profile. */
final class Memory implements RetrieveProvider, TerminologyProvider {
    private Map<String, List<Resource>> resources = Map.of();
    private final Map<String, Map<String, Set<String>>> sets = new HashMap<>();

    void use(Map<String, List<Resource>> patient) {
        resources = patient;
    }

    void add(ValueSet set) {
        add(sets.computeIfAbsent(set.getUrl(), k -> new HashMap<>()), set.getExpansion().getContains());
    }

    private static void add(Map<String, Set<String>> to, List<ValueSet.ValueSetExpansionContainsComponent> list) {
        for (var c : list) {
            if (c.hasCode()) to.computeIfAbsent(c.getSystem(), k -> new HashSet<>()).add(c.getCode());
            add(to, c.getContains());
        }
    }

    @Override
    public Iterable<Object> retrieve(String context, String contextPath, Object contextValue, String type, String template, String codePath,
            Iterable<Code> codes, String valueSet, String datePath, String lowPath, String highPath, Interval range) {
        List<Object> found = new ArrayList<>();
        for (Resource r : resources.getOrDefault(type, List.of())) {
            if (!hasProfile(r, template)) continue;
            if ((valueSet != null || codes != null) && !matches(r, codePath, valueSet, codes)) continue;
            found.add(r);
        }
        return found;
    }

    private static boolean hasProfile(Resource r, String template) {
        if (template == null || template.equals("http://hl7.org/fhir/StructureDefinition/" + r.fhirType())) return true;
        return r.getMeta().getProfile().stream().anyMatch(p -> unversioned(p.getValue()).equals(template));
    }

    private static String unversioned(String url) {
        int bar = url.indexOf('|');
        return bar < 0 ? url : url.substring(0, bar);
    }

    private boolean matches(Base resource, String path, String valueSet, Iterable<Code> codes) {
        List<Base> at = List.of(resource);
        for (String step : path.split("\\.")) {
            List<Base> next = new ArrayList<>();
            for (Base b : at) {
                Base[] values = b.getProperty(step.hashCode(), step, false);
                if (values != null) next.addAll(Arrays.asList(values));
            }
            at = next;
        }
        for (Base b : at) {
            if (b instanceof CodeableConcept c && c.getCoding().stream().anyMatch(x -> coded(x.getSystem(), x.getCode(), valueSet, codes))) return true;
            if (b instanceof Coding x && coded(x.getSystem(), x.getCode(), valueSet, codes)) return true;
            if (b instanceof PrimitiveType<?> p && coded(null, p.getValueAsString(), valueSet, codes)) return true;
        }
        return false;
    }

    private boolean coded(String system, String code, String valueSet, Iterable<Code> codes) {
        if (valueSet != null) return in(valueSet, system, code);
        for (Code c : codes)
            if (code != null && code.equals(c.getCode()) && (system == null || c.getSystem() == null || system.equals(c.getSystem()))) return true;
        return false;
    }

    private boolean in(String url, String system, String code) {
        var set = sets.getOrDefault(unversioned(url), Map.of());
        if (system == null) return set.values().stream().anyMatch(s -> s.contains(code));
        return set.getOrDefault(system, Set.of()).contains(code);
    }

    @Override
    public boolean in(Code code, ValueSetInfo set) {
        return code.getCode() != null && in(set.getId(), code.getSystem(), code.getCode());
    }

    @Override
    public Iterable<Code> expand(ValueSetInfo set) {
        List<Code> all = new ArrayList<>();
        sets.getOrDefault(set.getId(), Map.of()).forEach((system, codes) -> codes.forEach(c -> all.add(new Code().withSystem(system).withCode(c))));
        return all;
    }

    @Override
    public Code lookup(Code code, CodeSystemInfo system) {
        return code;
    }
}
