#include "tests/cql/syntax_text_support.h"

namespace plumbline::cql {
namespace {

class Writer {
 public:
  void Definition(const AstDefinition& d) {
    Number(static_cast<int>(d.kind));
    for (const std::string_view text : {d.name, d.full_name, d.version, d.id, d.display}) Text(text);
    Number((d.is_private ? 1 : 0) + (d.fluent ? 2 : 0) + (d.external ? 4 : 0));
    Type(d.type);
    Node(d.system);
    for (const AstNode* member : d.members) Node(member);
    for (const AstOperand& operand : d.operands) {
      Text(operand.name);
      Type(operand.type);
    }
    Node(d.body);
    out_ += '\n';
  }

  void Node(const AstNode* node) {
    if (node == nullptr) {
      out_ += '-';
      return;
    }
    out_ += '(';
    Number(static_cast<int>(node->kind));
    Number(node->flags);
    Number(node->precision ? static_cast<int>(*node->precision) : -1);
    Text(node->text);
    Text(node->text2);
    for (const std::string_view name : node->names) Text(name);
    Type(node->type);
    if (node->query != nullptr) {
      Query(*node->query);
    } else {
      for (const AstNode* kid : node->kids) Node(kid);
    }
    if (node->timing != nullptr) Timing(*node->timing);
    out_ += ')';
  }

  void Text(std::string_view text) { out_ += std::to_string(text.size()) + ":" + std::string(text) + " "; }

  std::string out_;

 private:
  void Number(int number) { out_ += std::to_string(number) + " "; }

  void Type(const TypeSpec* type) {
    if (type == nullptr) return;
    out_ += '<';
    Number(static_cast<int>(type->kind));
    Text(type->qualifier);
    Text(type->name);
    for (const std::string_view name : type->element_names) Text(name);
    for (const TypeSpec* argument : type->arguments) Type(argument);
    out_ += '>';
  }

  void Source(const AstSource& source) {
    Text(source.alias);
    Node(source.expression);
  }

  void Query(const AstQuery& query) {
    for (const AstSource& source : query.sources) Source(source);
    out_ += '|';
    for (const AstSource& let : query.lets) Source(let);
    out_ += '|';
    for (const AstRelation& relation : query.relations) {
      Number(relation.without ? 1 : 0);
      Source(relation.source);
      Node(relation.such_that);
    }
    for (const AstNode* part : {query.where, query.returned, query.aggregate, query.starting}) Node(part);
    Number((query.distinct ? 1 : 0) + (query.aggregate_distinct ? 2 : 0));
    Text(query.accumulator);
    for (const AstSort& sort : query.sort) {
      Number(sort.descending ? 1 : 0);
      Node(sort.by);
    }
  }

  void Timing(const AstTiming& timing) {
    Number(static_cast<int>(timing.relation));
    Number(static_cast<int>(timing.left));
    Number(static_cast<int>(timing.right));
    Number(timing.properly ? 1 : 0);
    Number(static_cast<int>(timing.offset));
    Node(timing.quantity);
  }
};

}  // namespace

std::string SyntaxText(const SyntaxTree& tree) {
  Writer writer;
  writer.Text(tree.library_name);
  writer.Text(tree.library_version);
  for (const AstDefinition& definition : tree.definitions) writer.Definition(definition);
  writer.Node(tree.expression);
  return writer.out_;
}

}  // namespace plumbline::cql
