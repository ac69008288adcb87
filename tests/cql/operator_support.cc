#include "tests/cql/operator_support.h"

#include <cctype>
#include <cstdlib>
#include <stdexcept>

#include "engine/cql/interval.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql::test {
namespace {

class Reader {
 public:
  Reader(EvalContext& ctx, std::string_view text) : ctx_(ctx), text_(text) {}

  Value Literal() {
    Space();
    if (Take("null")) return {};
    if (Take("true")) return Value::Boolean(true);
    if (Take("false")) return Value::Boolean(false);
    if (Take("Interval")) return Interval();
    if (Take("Tuple")) return Tuple();
    if (Take("Code")) return Code();
    if (Peek() == '{') return List();
    if (Peek() == '\'') return Value::String(Quoted());
    if (Peek() == '@') return Temporal();
    if (std::isdigit(static_cast<unsigned char>(Peek())) != 0 || Peek() == '-') return Number();
    const auto precision = ParsePrecision(Word());
    if (!precision) throw std::runtime_error("cannot read: " + std::string(text_));
    return Value::Integer(static_cast<int>(*precision));
  }

  char Peek() {
    Space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Take(std::string_view word) {
    Space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  std::string_view Word() {
    Space();
    const std::size_t start = at_;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return text_.substr(start, at_ - start);
  }

 private:
  void Space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  std::string_view Quoted() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '\''; ++at_) {
      if (text_[at_] == '\\') ++at_;
      out.push_back(text_[at_]);
    }
    ++at_;
    return ctx_.arena.Copy(out);
  }

  Value Temporal() {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && std::string_view("0123456789-+:.TZ").find(text_[at_]) != std::string_view::npos) ++at_;
    const std::string_view body = text_.substr(start, at_ - start);
    const auto parsed = body[0] == 'T'                             ? ParseTime(body)
                        : body.find('T') == std::string_view::npos ? ParseDate(body)
                                                                   : ParseDateTime(body);
    if (!parsed) throw std::runtime_error("not a date: " + std::string(body));
    return Value::OfTemporal(*parsed);
  }

  Value Number() {
    const std::size_t start = at_++;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.')) ++at_;
    const std::string body(text_.substr(start, at_ - start));
    if (at_ < text_.size() && text_[at_] == 'L') {
      ++at_;
      return Value::Long(std::strtoll(body.c_str(), nullptr, 10));
    }
    const std::size_t point = body.find('.');
    const int scale = point == std::string::npos ? 0 : static_cast<int>(body.size() - point - 1);
    const auto decimal = Decimal::Parse(body);
    if (!decimal) throw std::runtime_error("not a number: " + body);
    if (Peek() == '\'') return MakeQuantity(ctx_, *decimal, Quoted(), scale);
    const std::size_t here = at_;
    const std::string_view word = Word();
    if (CalendarUnit(word)) return MakeQuantity(ctx_, *decimal, word, scale);
    at_ = here;
    if (scale == 0) return Value::Integer(std::atoi(body.c_str()));
    return Value::OfDecimal(*decimal, scale);
  }

  Value List() {
    std::vector<Value> items;
    Take("{");
    while (Peek() != '}') {
      items.push_back(Literal());
      Take(",");
    }
    Take("}");
    Value* copy = ctx_.arena.AllocateArray<Value>(items.size());
    std::copy(items.begin(), items.end(), copy);
    return Value::List(copy, items.size());
  }

  Value Tuple() {
    std::vector<Value> values;
    std::vector<std::string_view> names;
    Take("{");
    while (Peek() != '}') {
      names.push_back(Word());
      Take(":");
      values.push_back(Literal());
      Take(",");
    }
    Take("}");
    auto* name_copy = ctx_.arena.AllocateArray<std::string_view>(names.size());
    std::copy(names.begin(), names.end(), name_copy);
    Value* value_copy = ctx_.arena.AllocateArray<Value>(values.size());
    std::copy(values.begin(), values.end(), value_copy);
    return Value::Tuple(ctx_.arena.Make(TupleShape{name_copy, names.size()}), value_copy);
  }

  Value Code() {
    Take("{");
    CodeData code;
    std::string_view* const parts[] = {&code.code, &code.system, &code.version, &code.display};
    for (std::size_t i = 0; Peek() != '}'; ++i) {
      const Value v = Literal();
      if (i < 4 && v.Is(Tag::kString)) *parts[i] = v.string();
      Take(",");
    }
    Take("}");
    return Value::Code(ctx_.arena.Make(code));
  }

  Value Interval() {
    IntervalData data;
    // Interval<Integer>[null, null] states its point type.
    Tag stated = Tag::kNull;
    if (Take("<Integer>")) stated = Tag::kInteger;
    data.low_closed = Take("[");
    if (!data.low_closed) Take("(");
    data.low = Literal();
    Take(",");
    data.high = Literal();
    data.high_closed = Take("]");
    if (!data.high_closed) Take(")");
    data.point = stated;
    return MakeInterval(ctx_, data);
  }

  EvalContext& ctx_;
  std::string_view text_;
  std::size_t at_ = 0;
};

bool Fits(std::string_view type, const Value& v) {
  if (type == "T" || type == "Any") return true;
  if (type == "precision") return v.Is(Tag::kInteger);
  if (v.IsNull()) return true;
  if (type.starts_with("List<")) return v.Is(Tag::kList);
  if (type.starts_with("Interval<")) return v.Is(Tag::kInterval);
  if (v.Is(Tag::kUncertain)) return type == "Integer";
  return TagName(v.tag()) == type;
}

std::vector<std::string_view> Operands(std::string_view signature) {
  std::vector<std::string_view> out;
  std::string_view body = signature.substr(1, signature.find("):") - 1);
  while (!body.empty()) {
    const std::size_t comma = body.find(", ");
    out.push_back(body.substr(0, comma));
    body = comma == std::string_view::npos ? std::string_view() : body.substr(comma + 2);
  }
  return out;
}

}  // namespace

OperatorFixture::OperatorFixture() { ctx_.now = Value::OfTemporal(*ParseDateTime("2024-05-06T07:08:09.010Z")); }

Value OperatorFixture::Read(std::string_view text) { return Reader(ctx_, text).Literal(); }

const OperatorFn* OperatorFixture::Find(std::string_view name, const std::vector<Value>& args) const {
  for (const OperatorEntry& row : Operators()) {
    if (row.name != name) continue;
    const auto operands = Operands(row.signature);
    bool fits = operands.size() == args.size();
    for (std::size_t i = 0; fits && i < args.size(); ++i) fits = Fits(operands[i], args[i]);
    if (fits) return &row.fn;
  }
  return nullptr;
}

Value OperatorFixture::Call(std::string_view name, const std::vector<Value>& args) {
  const OperatorFn* fn = Find(name, args);
  if (fn == nullptr) throw std::runtime_error("no overload of " + std::string(name));
  return (*fn)(ctx_, args.data(), args.size());
}

bool OperatorFixture::Holds(std::string_view line) {
  ctx_.error = EvalErrorKind::kNone;
  Reader reader(ctx_, line);
  const std::string name(reader.Word());
  std::vector<Value> args;
  reader.Take("(");
  while (reader.Peek() != ')') {
    args.push_back(reader.Literal());
    reader.Take(",");
  }
  reader.Take(")");
  if (!reader.Take("=>")) throw std::runtime_error("no result in: " + std::string(line));
  const Value result = Call(name, args);
  got = ctx_.Failed() ? "error " + std::string(ctx_.error_message) : ToLiteral(result);
  if (reader.Take("error")) return ctx_.Failed();
  const bool failed = ctx_.Failed();
  const Value expected = reader.Literal();
  return !failed && SameValue(ctx_, result, expected);
}

}  // namespace plumbline::cql::test
