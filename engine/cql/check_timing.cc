// Timing phrases: which operator a phrase stands for, by what its operands are. As the specification's author's guide reads them:
// `A 3 days or more before B` compares the end of A with the start of B less three days, and so on.
#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {
namespace {

using Relation = AstTiming::Relation;
using Offset = AstTiming::Offset;

bool IsBefore(Relation relation) { return relation == Relation::kBefore || relation == Relation::kOnOrBefore; }
bool IsAfter(Relation relation) { return relation == Relation::kAfter || relation == Relation::kOnOrAfter; }

std::string_view OperatorOf(Relation relation) {
  switch (relation) {
    case Relation::kSameAs:
      return "SameAs";
    case Relation::kSameOrBefore:
    case Relation::kOnOrBefore:
      return "SameOrBefore";
    case Relation::kSameOrAfter:
    case Relation::kOnOrAfter:
      return "SameOrAfter";
    case Relation::kBefore:
      return "Before";
    case Relation::kAfter:
      return "After";
    case Relation::kMeets:
      return "Meets";
    case Relation::kMeetsBefore:
      return "MeetsBefore";
    case Relation::kMeetsAfter:
      return "MeetsAfter";
    case Relation::kOverlaps:
      return "Overlaps";
    case Relation::kOverlapsBefore:
      return "OverlapsBefore";
    case Relation::kOverlapsAfter:
      return "OverlapsAfter";
    case Relation::kStarts:
      return "Starts";
    case Relation::kEnds:
      return "Ends";
    case Relation::kIncludes:
      return "Includes";
    case Relation::kIncludedIn:
    case Relation::kWithin:
      return "IncludedIn";
  }
  return {};
}

}  // namespace

Expr* Compiler::BoundOf(AstTiming::Bound bound, Expr* operand, Span span) {
  if (bound == AstTiming::Bound::kStart) return Operator("Start", {operand}, span);
  if (bound == AstTiming::Bound::kEnd) return Operator("End", {operand}, span);
  return operand;
}

// Whether a value can be taken as an interval without being a list.
static bool LikeInterval(const Type* type) {
  if (type->IsInterval()) return true;
  if (!type->IsChoice()) return false;
  for (const Type* one : type->arguments) {
    if (one->IsInterval()) return true;
  }
  return false;
}

Expr* Compiler::Timing(const AstNode& ast) {
  const AstTiming& timing = *ast.timing;
  Expr* left = Check(*ast.kids[0]);
  Expr* right = Check(*ast.kids[1]);
  if (left == nullptr || right == nullptr) return nullptr;
  left = BoundOf(timing.left, left, ast.kids[0]->span);
  right = BoundOf(timing.right, right, ast.kids[1]->span);
  if (left == nullptr || right == nullptr) return nullptr;
  if (timing.offset != Offset::kNone || timing.relation == Relation::kWithin) return TimingOffset(ast, left, right);
  return TimingRelation(ast, left, right);
}

Expr* Compiler::TimingRelation(const AstNode& ast, Expr* left, Expr* right) {
  const AstTiming& timing = *ast.timing;
  std::string_view name = OperatorOf(timing.relation);
  const Span span = ast.span;
  if (timing.relation != Relation::kIncludes && timing.relation != Relation::kIncludedIn)
    return Operator(name, {left, right}, span, ast.precision);
  const bool includes = timing.relation == Relation::kIncludes;
  const bool proper = timing.properly;
  const std::string_view whole =
      includes ? (proper ? "ProperIncludes" : "Includes") : (proper ? "ProperIncludedIn" : "IncludedIn");
  const std::string_view one = includes ? (proper ? "ProperContains" : "Contains") : (proper ? "ProperIn" : "In");
  const Expr* inner = includes ? right : left;
  const Expr* outer = includes ? left : right;
  // A list or interval within another, or an element or point in it.
  const bool null_element = inner->type->IsAny() && proper && outer->type->IsList();
  const bool as_whole =
      !null_element && (inner->type->IsAny() || inner->type->IsList() || (!outer->type->IsList() && LikeInterval(inner->type)));
  if (Expr* node = Operator(as_whole ? whole : one, {left, right}, span, ast.precision, true)) return node;
  if (Expr* node = Operator(as_whole ? one : whole, {left, right}, span, ast.precision, true)) return node;
  return Operator(as_whole ? whole : one, {left, right}, span, ast.precision);
}

Expr* Compiler::TimingOffset(const AstNode& ast, Expr* left, Expr* right) {
  const AstTiming& timing = *ast.timing;
  const Span span = ast.span;
  Expr* quantity = Quantity(*timing.quantity);
  if (quantity == nullptr) return nullptr;
  const Type* boolean = types_.System(Tag::kBoolean);
  const auto known = [&](Expr* test) -> Expr* {
    // Where the other end is not known, nothing is said.
    Expr* is_null = Operator("IsNull", {right}, span);
    Expr* present = Operator("Not", {is_null}, span);
    return test == nullptr || present == nullptr ? nullptr : Finish(New(ExprKind::kAnd, boolean, span, {test, present}));
  };
  const auto between = [&](Expr* low, bool low_closed, Expr* high, bool high_closed) -> Expr* {
    if (low == nullptr || high == nullptr) return nullptr;
    const Type* point = CommonOperand(low->type, high->type);
    if (point == nullptr) return Error(span, "the ends of this range are of different types");
    Expr* interval = New(ExprKind::kInterval, types_.Interval(point), span, {Convert(low, point), Convert(high, point)});
    interval->flags = static_cast<std::uint8_t>((low_closed ? Expr::kLowClosed : 0) | (high_closed ? Expr::kHighClosed : 0));
    interval->tag = point->tag;
    return known(Operator(LikeInterval(left->type) ? "IncludedIn" : "In", {left, Finish(interval)}, span, ast.precision));
  };
  if (timing.relation == Relation::kWithin) {
    Expr* start = LikeInterval(right->type) ? Operator("Start", {right}, span) : right;
    Expr* end = LikeInterval(right->type) ? Operator("End", {right}, span) : right;
    return between(Operator("Subtract", {start, quantity}, span), !timing.properly, Operator("Add", {end, quantity}, span),
                   !timing.properly);
  }
  const bool before = IsBefore(timing.relation);
  const bool on = timing.relation == Relation::kOnOrBefore || timing.relation == Relation::kOnOrAfter;
  if (!before && !IsAfter(timing.relation)) return Error(ast.name_span, "this phrase takes no quantity");
  if (LikeInterval(left->type)) left = Operator(before ? "End" : "Start", {left}, span);
  if (LikeInterval(right->type)) right = Operator(before ? "Start" : "End", {right}, span);
  Expr* moved = Operator(before ? "Subtract" : "Add", {right, quantity}, span);
  if (left == nullptr || right == nullptr || moved == nullptr) return nullptr;
  switch (timing.offset) {
    case Offset::kExactly:
      return Operator("SameAs", {left, moved}, span, ast.precision);
    case Offset::kOrMore:
      return Operator(before ? "SameOrBefore" : "SameOrAfter", {left, moved}, span, ast.precision);
    case Offset::kMoreThan:
      return Operator(before ? "Before" : "After", {left, moved}, span, ast.precision);
    case Offset::kOrLess:
      return before ? between(moved, true, right, on) : between(right, on, moved, true);
    case Offset::kLessThan:
      return before ? between(moved, false, right, on) : between(right, on, moved, false);
    case Offset::kNone:
      break;
  }
  return Error(ast.name_span, "this phrase has no meaning");
}

}  // namespace plumbline::cql
