#include "connectors/import/row_library.h"

#include <algorithm>
#include <cctype>

namespace plumbline::importer {
namespace {

// A CQL identifier or string in its quotes.
std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string Parameter(std::string_view name, const std::vector<std::string>& columns) {
  std::string out = "parameter " + Quoted(name, '"') + " Tuple { ";
  for (std::size_t i = 0; i < columns.size(); ++i) out += (i > 0 ? ", " : "") + Quoted(columns[i], '"') + " String";
  return out + " }\n";
}

class Writer {
 public:
  explicit Writer(RowLibrary& library) : library_(library) {}
  void Define(const std::string& name, const Expression& expression) {
    library_.text += "define " + Quoted(name, '"') + ":\n";
    const std::size_t begin = library_.text.size();
    library_.text += expression.constant ? Quoted(expression.text, '\'') : expression.text;
    library_.segments.push_back({begin, library_.text.size(), &expression, name});
    library_.text += "\n";
  }

 private:
  RowLibrary& library_;
};

}  // namespace

std::string DefinitionName(std::size_t event, const FieldSpec& field) {
  std::string name = "event " + std::to_string(event) + " " + std::string(TargetName(field.target));
  if (field.grade > 0) name += " " + std::to_string(field.grade);
  return name;
}

std::string JoinName(std::string_view table) { return "key of " + std::string(table); }

RowLibrary WriteLibrary(const Mapping& mapping, const StreamSpec& stream, const std::vector<std::string>& columns,
                        const std::vector<JoinedTable>& joined) {
  RowLibrary library;
  library.text = "library Mapping\n" + Parameter("row", columns);
  for (const JoinedTable& join : joined) library.text += Parameter(join.name, join.table->columns());
  Writer writer(library);
  if (!mapping.base.text.empty()) writer.Define(std::string(kBase), mapping.base);
  for (const NamedExpression& definition : stream.definitions) writer.Define(definition.name, definition.expression);
  for (const JoinSpec& join : stream.joins) writer.Define(JoinName(join.table), join.key);
  if (!stream.where.text.empty()) writer.Define(std::string(kWhere), stream.where);
  for (std::size_t i = 0; i < stream.events.size(); ++i) {
    const EventSpec& event = stream.events[i];
    if (!event.where.text.empty()) writer.Define("event " + std::to_string(i) + " where", event.where);
    for (const FieldSpec& field : event.fields) {
      writer.Define(DefinitionName(i, field), field.expression);
      if (!field.after.text.empty()) writer.Define(DefinitionName(i, field) + " after", field.after);
    }
  }
  return library;
}

std::string RowLibrary::ColumnsOf(std::string_view definition) const {
  const auto segment =
      std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.definition == definition; });
  if (segment == segments.end() || segment->expression->constant) return "";
  const std::string& expression = segment->expression->text;
  std::string columns;
  for (std::size_t at = expression.find("row."); at != std::string::npos; at = expression.find("row.", at + 4)) {
    std::size_t begin = at + 4;
    const bool quoted = begin < expression.size() && expression[begin] == '"';
    if (quoted) ++begin;
    std::size_t end = begin;
    while (
        end < expression.size() &&
        (quoted ? expression[end] != '"' : std::isalnum(static_cast<unsigned char>(expression[end])) || expression[end] == '_'))
      ++end;
    columns += (columns.empty() ? "" : ", ") + expression.substr(begin, end - begin);
  }
  return columns;
}

Result<std::shared_ptr<const cql::Program>> CompileLibrary(const RowLibrary& library, const Mapping& mapping,
                                                           const StreamSpec& stream) {
  const cql::Compiled compiled = cql::CompileLibrary(library.text, "mapping", {});
  if (compiled.ok()) return compiled.program;
  config::Diagnostics diagnostics = *mapping.document;
  for (const cql::Diagnostic& found : compiled.diagnostics.all()) {
    if (found.kind == cql::DiagnosticKind::kWarning) continue;
    // The expression at the error, or the last one before it: a text that ends too early is noticed behind its end.
    const RowLibrary::Segment* segment = nullptr;
    for (const RowLibrary::Segment& s : library.segments) {
      if (s.begin <= found.span.begin) segment = &s;
    }
    const config::Node& node = segment == nullptr ? *stream.node : *segment->expression->node;
    config::Mark mark = node.mark;
    std::size_t length = 1;
    if (segment != nullptr && !segment->expression->constant) {
      const std::size_t end = segment->end - segment->begin;
      const std::size_t offset = std::min<std::size_t>(found.span.begin - segment->begin, end == 0 ? 0 : end - 1);
      mark = config::MarkInText(node, offset, diagnostics);
      length = std::max<std::size_t>(1, std::min<std::size_t>(found.span.end - found.span.begin, end - offset));
    }
    diagnostics.Add(mark, length, found.message + (found.hint.empty() ? "" : "; " + found.hint));
  }
  return std::unexpected(diagnostics.ToError());
}

}  // namespace plumbline::importer
