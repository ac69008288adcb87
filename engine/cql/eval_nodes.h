// The evaluating functions of control nodes. Private to bind.cc and eval_nodes.cc.
#pragma once

#include "engine/cql/program.h"

namespace plumbline::cql {

inline Value RunKid(const Expr& node, Evaluation& ev) {
  if (node.kind == ExprKind::kConstant) return node.constant;
  return node.fn(node, ev);
}

[[nodiscard]] Value FieldOf(EvalContext& ctx, const Value& value, const Expr& node);
[[nodiscard]] Value ElementOf(const Value& value, const Expr& node);
[[nodiscard]] Value InstanceOf(EvalContext& ctx, Tag tag, const Value* parts);
[[nodiscard]] Value Sorted(Evaluation& ev, const QueryPlan& plan, std::span<Value> rows);

inline Value EvalAnd(const Expr& node, Evaluation& ev) {
  bool unknown = false;
  for (const Expr* kid : node.kids) {
    const Value value = RunKid(*kid, ev);
    if (value.IsFalse()) return value;
    unknown = unknown || value.IsNull();
  }
  return unknown ? Value() : Value::Boolean(true);
}

inline Value EvalOr(const Expr& node, Evaluation& ev) {
  bool unknown = false;
  for (const Expr* kid : node.kids) {
    const Value value = RunKid(*kid, ev);
    if (value.IsTrue()) return value;
    unknown = unknown || value.IsNull();
  }
  return unknown ? Value() : Value::Boolean(false);
}

inline Value EvalImplies(const Expr& node, Evaluation& ev) {
  const Value left = RunKid(*node.kids[0], ev);
  if (left.IsFalse()) return Value::Boolean(true);
  const Value right = RunKid(*node.kids[1], ev);
  if (left.IsNull()) return right.IsTrue() ? right : Value();
  return right;
}

inline Value EvalIf(const Expr& node, Evaluation& ev) {
  return RunKid(*node.kids[RunKid(*node.kids[0], ev).IsTrue() ? 1 : 2], ev);
}

inline Value EvalCase(const Expr& node, Evaluation& ev) {
  std::size_t i = 0;
  if (node.kind == ExprKind::kCaseOf) ev.slot(node.index) = RunKid(*node.kids[i++], ev);
  for (; i + 1 < node.kids.size(); i += 2) {
    if (RunKid(*node.kids[i], ev).IsTrue()) return RunKid(*node.kids[i + 1], ev);
  }
  return RunKid(*node.kids.back(), ev);
}

inline Value EvalCoalesce(const Expr& node, Evaluation& ev) {
  if ((node.flags & Expr::kFlatten) != 0) {
    const Value list = RunKid(*node.kids[0], ev);
    if (!list.Is(Tag::kList)) return {};
    for (const Value& item : list.list()) {
      if (!item.IsNull()) return item;
    }
    return {};
  }
  for (const Expr* kid : node.kids) {
    const Value value = RunKid(*kid, ev);
    if (!value.IsNull()) return value;
  }
  return {};
}

inline Value EvalList(const Expr& node, Evaluation& ev) {
  Value* items = ev.context().arena.AllocateArray<Value>(node.kids.size());
  for (std::size_t i = 0; i < node.kids.size(); ++i) items[i] = RunKid(*node.kids[i], ev);
  return Value::List(items, node.kids.size());
}

inline Value EvalTuple(const Expr& node, Evaluation& ev) {
  Value* items = ev.context().arena.AllocateArray<Value>(node.kids.size());
  for (std::size_t i = 0; i < node.kids.size(); ++i) items[i] = RunKid(*node.kids[i], ev);
  return Value::Tuple(node.shape, items);
}

[[nodiscard]] Value IntervalOf(EvalContext& ctx, const Expr& node, const Value& low, const Value& high);

inline Value EvalInterval(const Expr& node, Evaluation& ev) {
  const Value low = RunKid(*node.kids[0], ev);
  return IntervalOf(ev.context(), node, low, RunKid(*node.kids[1], ev));
}

inline Value EvalInstance(const Expr& node, Evaluation& ev) {
  constexpr std::size_t kMostElements = 4;
  Value parts[kMostElements];
  for (std::size_t i = 0; i < node.kids.size(); ++i) parts[i] = RunKid(*node.kids[i], ev);
  return InstanceOf(ev.context(), node.tag, parts);
}

inline Value EvalElement(const Expr& node, Evaluation& ev) { return ElementOf(RunKid(*node.kids[0], ev), node); }

inline Value EvalProperty(const Expr& node, Evaluation& ev) {
  const Value value = RunKid(*node.kids[0], ev);
  if (value.Is(Tag::kObject)) return value.object_class()->Get(ev.context(), value.object(), node.index);
  return FieldOf(ev.context(), value, node);
}

inline Value EvalListProperty(const Expr& node, Evaluation& ev) {
  const Value list = RunKid(*node.kids[0], ev);
  if (!list.Is(Tag::kList)) return {};
  std::vector<Value>& scratch = ev.scratch();
  const std::size_t base = scratch.size();
  for (const Value& item : list.list()) {
    if (!ev.Step()) break;
    ev.slot(node.index) = item;
    const Value found = RunKid(*node.kids[1], ev);
    if ((node.flags & Expr::kFlatten) == 0) {
      if (!found.IsNull()) scratch.push_back(found);
    } else if (found.Is(Tag::kList)) {
      scratch.insert(scratch.end(), found.list().begin(), found.list().end());
    }
  }
  const std::size_t count = scratch.size() - base;
  Value* items = ev.context().arena.AllocateArray<Value>(count);
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(base), scratch.end(), items);
  scratch.resize(base);
  return Value::List(items, count);
}

inline Value EvalIs(const Expr& node, Evaluation& ev) {
  const Value value = RunKid(*node.kids[0], ev);
  return Value::Boolean(!value.IsNull() && node.test->Matches(ev.context(), value));
}

// An interval of nothing known takes the point type it is said to have.
[[nodiscard]] Value Typed(EvalContext& ctx, const TypeTest& test, const Value& interval);
[[nodiscard]] Value CastFailed(EvalContext& ctx, const Expr& node, const Value& value);

inline Value EvalAs(const Expr& node, Evaluation& ev) {
  const Value value = RunKid(*node.kids[0], ev);
  if (value.IsNull() || node.test->Matches(ev.context(), value))
    return value.Is(Tag::kInterval) ? Typed(ev.context(), *node.test, value) : value;
  return (node.flags & Expr::kStrict) != 0 ? CastFailed(ev.context(), node, value) : Value();
}

inline Value EvalConvertList(const Expr& node, Evaluation& ev) {
  const Value list = RunKid(*node.kids[0], ev);
  if (!list.Is(Tag::kList)) return {};
  Value* items = ev.context().arena.AllocateArray<Value>(list.list().size());
  std::size_t i = 0;
  for (const Value& item : list.list()) {
    if (!ev.Step()) break;
    ev.slot(node.index) = item;
    items[i++] = item.IsNull() ? Value() : RunKid(*node.kids[1], ev);
  }
  return Value::List(items, i);
}

[[nodiscard]] Value ConvertedInterval(EvalContext& ctx, const Expr& node, const IntervalData& from, const Value& low,
                                      const Value& high);

inline Value EvalConvertInterval(const Expr& node, Evaluation& ev) {
  const Value value = RunKid(*node.kids[0], ev);
  if (!value.Is(Tag::kInterval)) return {};
  const IntervalData& from = value.interval();
  const auto bound = [&](const Value& of) -> Value {
    if (of.IsNull()) return {};
    ev.slot(node.index) = of;
    return RunKid(*node.kids[1], ev);
  };
  const Value low = bound(from.low);
  return ConvertedInterval(ev.context(), node, from, low, bound(from.high));
}

inline Value EvalConvertChoice(const Expr& node, Evaluation& ev) {
  const Value value = RunKid(*node.kids[0], ev);
  if (value.IsNull()) return value;
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    if (!node.tests[i - 1]->Matches(ev.context(), value)) continue;
    ev.slot(node.index) = value;
    return RunKid(*node.kids[i], ev);
  }
  return {};
}

inline Value EvalFold(const Expr& node, Evaluation& ev) {
  Value args[2];
  args[0] = RunKid(*node.kids[0], ev);
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    args[1] = RunKid(*node.kids[i], ev);
    args[0] = node.ops[i](ev.context(), args, 2);
    if (ev.context().Failed()) return {};
  }
  return args[0];
}

[[nodiscard]] Value RetrieveWith(const Expr& node, Evaluation& ev, const Value& codes);

inline Value EvalRetrieve(const Expr& node, Evaluation& ev) {
  const RetrievePlan& plan = *node.retrieve;
  Value* memo = nullptr;
  if (plan.memoised) {
    bool known = false;
    memo = ev.RetrieveMemo(plan.memo, &known);
    if (known) return *memo;
  }
  const Value found = RetrieveWith(node, ev, node.kids.empty() ? Value() : RunKid(*node.kids[0], ev));
  if (memo != nullptr) *memo = found;
  return found;
}

[[nodiscard]] const Expr* EnterCall(const Expr& node, Evaluation& ev, const Value* arguments);
inline void LeaveCall(Evaluation& ev) { --ev.context().depth; }

inline Value EvalCall(const Expr& node, Evaluation& ev) {
  constexpr std::size_t kFew = 8;
  Value few[kFew];
  Value* arguments = node.kids.size() <= kFew ? few : ev.context().arena.AllocateArray<Value>(node.kids.size());
  for (std::size_t i = 0; i < node.kids.size(); ++i) arguments[i] = RunKid(*node.kids[i], ev);
  const Expr* body = EnterCall(node, ev, arguments);
  const Value result = body == nullptr ? Value() : RunKid(*body, ev);
  LeaveCall(ev);
  return result;
}

[[nodiscard]] std::span<Value> DistinctRows(EvalContext& ctx, std::span<Value> rows);
[[nodiscard]] bool RememberRow(Evaluation& ev, const QueryPlan& plan, std::size_t base);

// One run of a query. Rows are collected on the evaluation's scratch stack, which queries within use above them.
class QueryRun {
 public:
  QueryRun(const QueryPlan& plan, Evaluation& ev) : plan_(plan), ev_(ev), base_(ev.scratch().size()) {}

  Value Run() {
    if (plan_.aggregate != nullptr) ev_.slot(plan_.accumulator) = RunKid(*plan_.starting, ev_);
    Source(0);
    std::vector<Value>& scratch = ev_.scratch();
    if (plan_.aggregate != nullptr) {
      scratch.resize(base_);
      return ev_.slot(plan_.accumulator);
    }
    const Value result = Result(std::span<Value>(scratch).subspan(base_));
    scratch.resize(base_);
    return result;
  }

 private:
  Value Result(std::span<Value> rows) {
    if (plan_.singular) return rows.empty() ? Value() : rows[0];
    Value* items = ev_.context().arena.AllocateArray<Value>(rows.size());
    std::copy(rows.begin(), rows.end(), items);
    std::span<Value> kept(items, rows.size());
    if (plan_.distinct && kept.size() > 1) kept = DistinctRows(ev_.context(), kept);
    if (!plan_.sort.empty()) return Sorted(ev_, plan_, kept);
    return Value::List(kept.data(), kept.size());
  }

  void Source(std::size_t index) {
    if (index == plan_.sources.size()) {
      Row();
      return;
    }
    const PlanSource& source = plan_.sources[index];
    const Value value = RunKid(*source.expression, ev_);
    if (value.IsNull()) return;
    if (!source.list) {
      ev_.slot(source.slot) = value;
      Source(index + 1);
      return;
    }
    if (!value.Is(Tag::kList)) return;
    for (const Value& item : value.list()) {
      if (!ev_.Step()) return;
      ev_.slot(source.slot) = item;
      Source(index + 1);
    }
  }

  bool Related(const PlanRelation& relation) {
    const Value value = RunKid(*relation.source.expression, ev_);
    const auto holds = [&](const Value& item) {
      ev_.slot(relation.source.slot) = item;
      return RunKid(*relation.such_that, ev_).IsTrue();
    };
    if (value.IsNull()) return false;
    if (!relation.source.list) return holds(value);
    if (!value.Is(Tag::kList)) return false;
    for (const Value& item : value.list()) {
      if (!ev_.Step()) return false;
      if (holds(item)) return true;
    }
    return false;
  }

  void Row() {
    for (const PlanSource& let : plan_.lets) ev_.slot(let.slot) = RunKid(*let.expression, ev_);
    for (const PlanRelation& relation : plan_.relations) {
      if (Related(relation) == relation.without) return;
    }
    if (plan_.where != nullptr && !RunKid(*plan_.where, ev_).IsTrue()) return;
    if (plan_.aggregate != nullptr) {
      // `aggregate distinct`: a row equal to one before it is passed over.
      if (!plan_.distinct || RememberRow(ev_, plan_, base_)) ev_.slot(plan_.accumulator) = RunKid(*plan_.aggregate, ev_);
      return;
    }
    const Value row = plan_.returned != nullptr ? RunKid(*plan_.returned, ev_) : ev_.slot(plan_.sources[0].slot);
    std::vector<Value>& scratch = ev_.scratch();
    if (scratch.size() - base_ >= ev_.context().limits.list_size) {
      (void)ev_.context().Fail(EvalErrorKind::kLimit, "the result of a query is longer than the limit");
      return;
    }
    scratch.push_back(row);
  }

  const QueryPlan& plan_;
  Evaluation& ev_;
  std::size_t base_;
};

inline Value EvalQuery(const Expr& node, Evaluation& ev) { return QueryRun(*node.query, ev).Run(); }

}  // namespace plumbline::cql
