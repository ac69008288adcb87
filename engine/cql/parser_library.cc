// The definitions of a library.
#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

void Parser::Definitions() {
  while (Peek().kind != TokenKind::kEnd) {
    const std::size_t from = at_;
    if (!Definition()) Fail("expected a definition such as 'define', 'parameter' or 'valueset', found " + Found());
    if (panic_) Recover(from);
  }
}

bool Parser::Definition() {
  AstDefinition definition;
  const std::uint32_t begin = Peek().span.begin;
  if (At("library")) {
    LibraryHeader();
    return true;
  }
  if (At("private") || At("public")) definition.is_private = Take().text == "private";
  if (At("using") || At("include")) {
    UsingOrInclude(&definition);
  } else if (At("parameter")) {
    Parameter(&definition);
  } else if (At("codesystem") || At("valueset")) {
    Vocabulary(&definition);
  } else if (At("code")) {
    CodeDefinition(&definition);
  } else if (At("concept")) {
    ConceptDefinition(&definition);
  } else if (At("context")) {
    Context(&definition);
  } else if (At("define")) {
    Define(&definition);
  } else {
    return false;
  }
  definition.span = {begin, End()};
  if (!panic_) tree_.definitions.push_back(definition);
  return true;
}

void Parser::LibraryHeader() {
  Take();
  tree_.library_name = QualifiedIdentifier("the library's name", &tree_.library_span);
  tree_.library_version = OptionalVersion();
}

std::string_view Parser::OptionalVersion() {
  if (!Accept("version")) return {};
  if (Peek().kind == TokenKind::kString) return Text(Take());
  Fail("expected a version in quotes, found " + Found());
  return {};
}

void Parser::UsingOrInclude(AstDefinition* definition) {
  definition->kind = Take().text == "using" ? AstDefinition::Kind::kUsing : AstDefinition::Kind::kInclude;
  definition->full_name =
      QualifiedIdentifier(definition->kind == AstDefinition::Kind::kUsing ? "a model" : "a library", &definition->name_span);
  definition->version = OptionalVersion();
  definition->name = definition->full_name.substr(definition->full_name.rfind('.') + 1);
  if (Accept("called")) definition->name = Identifier("a name", nullptr);
}

void Parser::Parameter(AstDefinition* definition) {
  definition->kind = AstDefinition::Kind::kParameter;
  Take();
  definition->name = Identifier("the parameter's name", &definition->name_span);
  if (Peek().kind == TokenKind::kIdentifier && !IsKeyword(Peek().text)) definition->type = Type();
  if (Accept("default")) definition->body = Expr();
  if (definition->type == nullptr && definition->body == nullptr) Fail("expected a type or 'default', found " + Found());
}

void Parser::Vocabulary(AstDefinition* definition) {
  definition->kind = Take().text == "codesystem" ? AstDefinition::Kind::kCodeSystem : AstDefinition::Kind::kValueSet;
  definition->name = Identifier("a name", &definition->name_span);
  Expect(":", "after the name");
  if (Peek().kind == TokenKind::kString) {
    definition->id = Text(Take());
  } else {
    Fail("expected an id in quotes, found " + Found());
  }
  definition->version = OptionalVersion();
  if (definition->kind != AstDefinition::Kind::kValueSet || !Accept("codesystems")) return;
  Expect("{", "after 'codesystems'");
  do {
    NameNode();
  } while (Accept(","));
  Expect("}", "after the code systems");
}

// "System" or Library."System"
AstNode* Parser::NameNode() {
  const std::uint32_t begin = Peek().span.begin;
  Span span;
  const std::string_view first = Identifier("a name", &span);
  AstNode* node = Make(AstKind::kName, begin);
  node->text = first;
  node->name_span = span;
  if (!Accept(".")) return node;
  const std::string_view second = Identifier("a name", &span);
  AstNode* member = Make(AstKind::kMember, begin, {node});
  member->text = second;
  member->name_span = span;
  return member;
}

void Parser::CodeDefinition(AstDefinition* definition) {
  definition->kind = AstDefinition::Kind::kCode;
  Take();
  definition->name = Identifier("a name", &definition->name_span);
  Expect(":", "after the name");
  if (Peek().kind == TokenKind::kString) {
    definition->id = Text(Take());
  } else {
    Fail("expected a code in quotes, found " + Found());
  }
  Expect("from", "after the code");
  definition->system = NameNode();
  if (Accept("display")) definition->display = Peek().kind == TokenKind::kString ? Text(Take()) : std::string_view();
}

void Parser::ConceptDefinition(AstDefinition* definition) {
  definition->kind = AstDefinition::Kind::kConcept;
  Take();
  definition->name = Identifier("a name", &definition->name_span);
  Expect(":", "after the name");
  Expect("{", "before the codes");
  std::vector<AstNode*> members;
  do {
    members.push_back(NameNode());
  } while (Accept(","));
  Expect("}", "after the codes");
  AstNode** copy = tree_.arena->AllocateArray<AstNode*>(members.size());
  std::copy(members.begin(), members.end(), copy);
  definition->members = {copy, members.size()};
  if (Accept("display")) definition->display = Peek().kind == TokenKind::kString ? Text(Take()) : std::string_view();
}

void Parser::Context(AstDefinition* definition) {
  definition->kind = AstDefinition::Kind::kContext;
  Take();
  definition->name = Identifier("a context such as 'Patient'", &definition->name_span);
  if (Accept(".")) {
    definition->full_name = definition->name;
    definition->name = Identifier("a context", &definition->name_span);
  }
}

void Parser::Define(AstDefinition* definition) {
  Take();
  if (At("private") || At("public")) definition->is_private = Take().text == "private";
  definition->fluent = Accept("fluent");
  if (At("function")) {
    Function(definition);
    return;
  }
  definition->kind = AstDefinition::Kind::kExpression;
  definition->name = Identifier("a name after 'define'", &definition->name_span);
  Expect(":", "after the name of the definition");
  definition->body = Expr();
}

void Parser::Function(AstDefinition* definition) {
  definition->kind = AstDefinition::Kind::kFunction;
  Take();
  definition->name = Identifier("the function's name", &definition->name_span);
  Expect("(", "after the function's name");
  std::vector<AstOperand> operands;
  if (!At(")")) {
    do {
      AstOperand operand;
      operand.name = Identifier("an operand", nullptr);
      operand.type = Type();
      operands.push_back(operand);
    } while (Accept(","));
  }
  definition->operands = Keep(operands);
  Expect(")", "after the operands");
  if (Accept("returns")) definition->type = Type();
  Expect(":", "before the function's body");
  definition->external = At("external");
  if (definition->external) {
    Take();
  } else {
    definition->body = Expr();
  }
}

}  // namespace plumbline::cql
