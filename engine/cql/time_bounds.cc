#include "engine/cql/time_bounds.h"

#include <algorithm>
#include <array>

#include "engine/cql/literal.h"

namespace plumbline::cql {
namespace {

constexpr int kDeepest = 200;

// The left operand lies before, after, within or over the right one.
enum class Relation : std::uint8_t { kBefore, kAfter, kWithin, kOverlaps };
struct Row {
  std::string_view name;
  Relation relation;
  bool swapped;  // it is the right operand of which this is said
};
constexpr std::array kRows{
    Row{"In", Relation::kWithin, false},
    Row{"ProperIn", Relation::kWithin, false},
    Row{"IncludedIn", Relation::kWithin, false},
    Row{"ProperIncludedIn", Relation::kWithin, false},
    Row{"Contains", Relation::kWithin, true},
    Row{"ProperContains", Relation::kWithin, true},
    Row{"Includes", Relation::kWithin, true},
    Row{"ProperIncludes", Relation::kWithin, true},
    Row{"SameAs", Relation::kWithin, false},
    Row{"Equal", Relation::kWithin, false},
    Row{"Starts", Relation::kWithin, false},
    Row{"Ends", Relation::kWithin, false},
    Row{"Overlaps", Relation::kOverlaps, false},
    Row{"OverlapsBefore", Relation::kOverlaps, false},
    Row{"OverlapsAfter", Relation::kOverlaps, false},
    Row{"Before", Relation::kBefore, false},
    Row{"SameOrBefore", Relation::kBefore, false},
    Row{"Less", Relation::kBefore, false},
    Row{"LessOrEqual", Relation::kBefore, false},
    Row{"After", Relation::kAfter, false},
    Row{"SameOrAfter", Relation::kAfter, false},
    Row{"Greater", Relation::kAfter, false},
    Row{"GreaterOrEqual", Relation::kAfter, false},
};

// Said of the other operand.
Relation Turned(Relation relation) {
  return relation == Relation::kBefore ? Relation::kAfter : relation == Relation::kAfter ? Relation::kBefore : relation;
}

bool IsTime(const Type& type) {
  if (type.IsInterval()) return IsTime(*type.element());
  if (type.IsChoice()) return std::ranges::any_of(type.arguments, [](const Type* one) { return IsTime(*one); });
  return type.Is(Tag::kDate) || type.Is(Tag::kDateTime);
}

// An operator that shows the same time in another form.
bool IsForm(const Expr& node) {
  if (node.kids.empty()) return false;
  switch (node.kind) {
    case ExprKind::kAs:
    case ExprKind::kConvertList:
    case ExprKind::kConvertInterval:
    case ExprKind::kConvertChoice:
      return true;
    case ExprKind::kOperator:
      return node.kids.size() == 1 && (node.name == "DateFrom" || node.name.starts_with("To"));
    default:
      return false;
  }
}

class BoundReader {
 public:
  BoundReader(std::int32_t slot, const LetMap& lets, std::vector<TimeBound>* out) : slot_(slot), lets_(lets), out_(out) {}

  void Conjunct(const Expr& node, int depth = 0) {
    if (depth > kDeepest) return;
    if (node.kind == ExprKind::kAnd) {
      for (const Expr* kid : node.kids) Conjunct(*kid, depth + 1);
      return;
    }
    if (node.kind != ExprKind::kOperator || node.kids.size() < 2) return;
    const auto row = std::ranges::find(kRows, node.name, &Row::name);
    if (row == kRows.end() || !IsTime(*node.kids[0]->type) || !IsTime(*node.kids[1]->type)) return;
    for (const std::size_t side : {0, 1}) {
      std::string element;
      const Expr& other = *node.kids[1 - side];
      if (!ElementOf(*node.kids[side], &element) || Mentions(other)) continue;
      // `within` is said of one side alone.
      const bool turned = side == 1;
      if (row->relation == Relation::kWithin && row->swapped != turned && node.name != "SameAs" && node.name != "Equal") continue;
      Add(turned ? Turned(row->relation) : row->relation, std::move(element), other, node);
    }
  }

 private:
  const Expr& Resolved(const Expr& node) const {
    if (node.kind != ExprKind::kSlot) return node;
    const auto found = lets_.find(node.index);
    return found == lets_.end() ? node : *found->second;
  }

  // "period" of E.period, "start of period" of its start; false where it is no element of the object.
  bool ElementOf(const Expr& given, std::string* out, int depth = 0) const {
    if (depth > kDeepest) return false;
    const Expr& node = Resolved(given);
    if (node.kind == ExprKind::kSlot) {
      out->clear();
      return node.index == slot_;
    }
    if (IsForm(node)) return ElementOf(*node.kids[0], out, depth + 1);
    if (node.kind == ExprKind::kOperator && (node.name == "Start" || node.name == "End")) {
      if (!ElementOf(*node.kids[0], out, depth + 1)) return false;
      *out = (node.name == "Start" ? "start of " : "end of ") + *out;
      return true;
    }
    const bool property = node.kind == ExprKind::kProperty || node.kind == ExprKind::kElement;
    const bool fluent = node.kind == ExprKind::kCall && node.kids.size() == 1;
    if (!(property || fluent) || !ElementOf(*node.kids[0], out, depth + 1)) return false;
    *out += (out->empty() ? "" : ".") + std::string(node.name) + (fluent ? "()" : "");
    return true;
  }

  bool Mentions(const Expr& given, int depth = 0) const {
    if (depth > kDeepest) return true;
    const Expr& node = Resolved(given);
    if (node.kind == ExprKind::kSlot) return node.index == slot_;
    if (node.kind == ExprKind::kQuery) return true;  // may mention anything: not looked into
    return std::ranges::any_of(node.kids, [&](const Expr* kid) { return Mentions(*kid, depth + 1); });
  }

  static std::string TextOf(const Expr& node) {
    if (node.kind == ExprKind::kParameter) return "\"" + std::string(node.name) + "\"";
    if (node.kind == ExprKind::kConstant || node.source == nullptr) return ToLiteral(node.constant);
    if (IsForm(node)) return TextOf(*node.kids[0]);
    if (node.kind == ExprKind::kProperty || node.kind == ExprKind::kElement)
      return TextOf(*node.kids[0]) + "." + std::string(node.name);
    return std::string(node.source->text().substr(node.span.begin, node.span.end - node.span.begin));
  }

  TimeAnchor AnchorOf(const Expr& given, std::string_view edge) const {
    TimeAnchor anchor;
    const Expr* node = &Resolved(given);
    for (int i = 0; i < kDeepest && IsForm(*node); ++i) node = &Resolved(*node->kids[0]);
    const bool shifted = node->kind == ExprKind::kOperator && node->kids.size() == 2 &&
                         (node->name == "Add" || node->name == "Subtract") && node->kids[1]->constant.Is(Tag::kQuantity);
    if (shifted) {
      anchor.offset = (node->name == "Add" ? "+ " : "- ") + ToLiteral(node->kids[1]->constant);
      const TimeAnchor from = AnchorOf(*node->kids[0], edge);
      anchor.kind = from.kind;
      anchor.text = from.text;
      if (!from.offset.empty()) anchor.offset = from.offset + " " + anchor.offset;
      return anchor;
    }
    if (node->kind == ExprKind::kOperator && (node->name == "Start" || node->name == "End") && node->kids.size() == 1)
      return AnchorOf(*node->kids[0], node->name == "Start" ? "start of " : "end of ");
    const bool constant = node->kind == ExprKind::kConstant || !node->constant.IsNull();
    anchor.kind = node->kind == ExprKind::kParameter                    ? TimeAnchor::Kind::kParameter
                  : node->kind == ExprKind::kOperator && IsClock(*node) ? TimeAnchor::Kind::kNow
                  : constant                                            ? TimeAnchor::Kind::kConstant
                                                                        : TimeAnchor::Kind::kOther;
    anchor.text = (node->type->IsInterval() ? std::string(edge) : std::string()) + TextOf(*node);
    return anchor;
  }

  void Add(Relation relation, std::string element, const Expr& given, const Expr& comparison) {
    TimeBound bound;
    bound.element = std::move(element);
    bound.overlaps = relation == Relation::kOverlaps;
    if (comparison.kids.size() > 2 && comparison.kids[2]->constant.Is(Tag::kInteger))
      bound.precision = PrecisionName(static_cast<Precision>(comparison.kids[2]->constant.integer()));
    const Expr& other = Resolved(given);
    const bool selector = other.kind == ExprKind::kInterval && other.kids.size() == 2;
    if (relation != Relation::kBefore) {
      const std::string_view edge = relation == Relation::kAfter ? "end of " : "start of ";
      bound.low = selector ? AnchorOf(*other.kids[0], edge) : AnchorOf(other, edge);
    }
    if (relation != Relation::kAfter) {
      const std::string_view edge = relation == Relation::kBefore ? "start of " : "end of ";
      bound.high = selector ? AnchorOf(*other.kids[1], edge) : AnchorOf(other, edge);
    }
    out_->push_back(std::move(bound));
  }

  const std::int32_t slot_;
  const LetMap& lets_;
  std::vector<TimeBound>* out_;
};

}  // namespace

bool IsClock(const Expr& node) {
  return node.name == "Now" || node.name == "Today" || node.name == "TimeOfDay" || node.name == "CalculateAge";
}

void AddTimeBounds(const Expr* condition, std::int32_t slot, const LetMap& lets, std::vector<TimeBound>* out) {
  if (condition != nullptr) BoundReader(slot, lets, out).Conjunct(*condition);
}

}  // namespace plumbline::cql
