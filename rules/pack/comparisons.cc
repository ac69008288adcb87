#include "rules/pack/comparisons.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>

#include "engine/base/decimal.h"
#include "engine/model/iso_time.h"
#include "engine/rule/vocabulary.h"

namespace plumbline::rules {
namespace {

using rule::Row;
using rule::Tri;

enum class Operator : std::uint8_t { kLess, kAtMost, kGreater, kAtLeast };
enum class Element : std::uint8_t { kValue, kTime, kArrival };

struct Operand {
  Bound bound = Bound::kRow;
  Element element = Element::kValue;
};

struct Comparison {
  Operand left, right;  // right only of times
  Operator op = Operator::kLess;
  Int128 limit = 0;  // of values, in units of 1e-8
  std::string unit;
  std::int64_t shift_ms = 0;  // added to the right time
};

template <typename T>
bool Holds(Operator op, const T& a, const T& b) {
  switch (op) {
    case Operator::kLess:
      return a < b;
    case Operator::kAtMost:
      return a <= b;
    case Operator::kGreater:
      return a > b;
    default:
      return a >= b;
  }
}

class Chain final : public rule::Condition {
 public:
  Chain(std::vector<Comparison> comparisons, bool all, std::shared_ptr<const rule::Condition> general)
      : comparisons_(std::move(comparisons)), all_(all), general_(std::move(general)) {}

  // A comparison that cannot be answered plainly leaves the whole to the compiled expression.
  Tri Test(const rule::Sight& sight, const Row* row, const Row* trigger) const override {
    for (const Comparison& c : comparisons_) {
      const std::optional<bool> is = Plain(c, sight, row, trigger);
      if (!is) return general_->Test(sight, row, trigger);
      if (*is != all_) return all_ ? Tri::kFalse : Tri::kTrue;
    }
    return all_ ? Tri::kTrue : Tri::kFalse;
  }

 private:
  static std::optional<bool> Plain(const Comparison& c, const rule::Sight& sight, const Row* row, const Row* trigger) {
    const Row* left = c.left.bound == Bound::kRow ? row : trigger;
    if (left == nullptr) return std::nullopt;
    if (c.left.element == Element::kValue) {
      if (!left->has_value || sight.subject->vocabulary->Text(left->unit) != c.unit) return std::nullopt;
      return Holds(c.op, static_cast<Int128>(left->value), c.limit);
    }
    const Row* right = c.right.bound == Bound::kRow ? row : trigger;
    if (right == nullptr) return std::nullopt;
    const std::int64_t bound = TimeOf(c.right.element, *right) + c.shift_ms;
    if (bound < model::kMinTime || bound > model::kMaxTime) return std::nullopt;
    return Holds(c.op, TimeOf(c.left.element, *left), bound);
  }

  static std::int64_t TimeOf(Element element, const Row& row) { return element == Element::kTime ? row.time : row.arrival; }

  std::vector<Comparison> comparisons_;
  bool all_;
  std::shared_ptr<const rule::Condition> general_;
};

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Reader {
 public:
  Reader(std::string_view text, const std::vector<Alias>& aliases) : rest_(text), aliases_(aliases) {}

  bool TakeSign(std::string_view sign) {
    Skip();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }
  std::string_view TakeWhile(bool (*is)(char)) {
    Skip();
    std::size_t n = 0;
    while (n < rest_.size() && is(rest_[n])) ++n;
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  std::string_view TakeWord() { return TakeWhile(IsWordCharacter); }
  bool AtEnd() {
    Skip();
    return rest_.empty();
  }

  std::optional<Operand> TakeOperand() {
    const std::string_view name = TakeWord();
    const auto alias = std::find_if(aliases_.begin(), aliases_.end(), [name](const Alias& a) { return a.name == name; });
    if (name.empty() || alias == aliases_.end() || !TakeSign(".")) return std::nullopt;
    const std::string_view element = TakeWord();
    if (element == "time") return Operand{alias->bound, Element::kTime};
    if (element == "arrival") return Operand{alias->bound, Element::kArrival};
    if (element == "value" && alias->type == "Device") return Operand{alias->bound, Element::kValue};
    return std::nullopt;
  }

  std::optional<Operator> TakeOperator() {
    if (TakeSign("<=")) return Operator::kAtMost;
    if (TakeSign(">=")) return Operator::kAtLeast;
    if (TakeSign("<")) return Operator::kLess;
    if (TakeSign(">")) return Operator::kGreater;
    return std::nullopt;
  }

  // "+ 5 minutes"; nothing where there is no sign; null where it is none of the plain durations.
  std::optional<std::int64_t> TakeShift() {
    const bool plus = TakeSign("+");
    if (!plus && !TakeSign("-")) return 0;
    const std::string_view digits = TakeWhile([](char c) { return c >= '0' && c <= '9'; });
    std::int64_t count = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), count).ec != std::errc() || count > kMostCount)
      return std::nullopt;
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kDurations = {{{"millisecond", 1},
                                                                                             {"second", 1000},
                                                                                             {"minute", 60'000},
                                                                                             {"hour", 3'600'000},
                                                                                             {"day", 86'400'000},
                                                                                             {"week", 604'800'000}}};
    std::string_view word = TakeWord();
    if (word.ends_with('s')) word.remove_suffix(1);
    for (const auto& [name, ms] : kDurations) {
      if (name == word) return plus ? count * ms : -count * ms;
    }
    return std::nullopt;
  }

  std::optional<Comparison> TakeComparison() {
    Comparison c;
    const auto left = TakeOperand();
    const auto op = TakeOperator();
    if (!left || !op) return std::nullopt;
    c.left = *left;
    c.op = *op;
    if (left->element == Element::kValue) {
      const auto number = Decimal::Parse(TakeWhile([](char ch) { return (ch >= '0' && ch <= '9') || ch == '.' || ch == '-'; }));
      if (!number || !TakeSign("'")) return std::nullopt;
      c.limit = number->units();
      c.unit = TakeWhile([](char ch) { return ch != '\'' && ch != '\\'; });
      return TakeSign("'") ? std::optional(c) : std::nullopt;
    }
    const auto right = TakeOperand();
    if (!right || right->element == Element::kValue) return std::nullopt;
    const auto shift = TakeShift();
    if (!shift) return std::nullopt;
    c.right = *right;
    c.shift_ms = *shift;
    return c;
  }

 private:
  static constexpr std::int64_t kMostCount = 1'000'000;
  void Skip() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
  const std::vector<Alias>& aliases_;
};

}  // namespace

std::shared_ptr<const rule::Condition> Specialise(std::string_view text, const std::vector<Alias>& aliases,
                                                  std::shared_ptr<const rule::Condition> general) {
  Reader reader(text, aliases);
  std::vector<Comparison> comparisons;
  std::string_view joint;
  while (true) {
    const auto comparison = reader.TakeComparison();
    if (!comparison) return general;
    comparisons.push_back(*comparison);
    if (reader.AtEnd()) break;
    const std::string_view word = reader.TakeWord();
    // Both words in one text need the language's precedence.
    if ((word != "and" && word != "or") || (!joint.empty() && word != joint)) return general;
    joint = word;
  }
  return std::make_shared<Chain>(std::move(comparisons), joint != "or", std::move(general));
}

}  // namespace plumbline::rules
