// The canonical text of a baseline, and reading it back.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include "engine/base/hash.h"
#include "engine/stats/baseline.h"

namespace plumbline::stats {
namespace {

constexpr std::string_view kFirstLine = "plumbline-baseline 1";
constexpr std::string_view kKinds[] = {"binary", "ordinal", "numeric"};
constexpr std::size_t kMaxLines = 1'000'000;

std::string Number(double x) {
  char buffer[32];
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof buffer, x);
  return {buffer, end};
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out + "\"";
}

// One line's parts, taken from the left. The first failure sticks.
class Parts {
 public:
  explicit Parts(std::string_view line) : rest_(line) {}
  std::string Word() {
    const std::size_t end = rest_.find(' ');
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (word.empty()) good_ = false;
    return word;
  }
  std::string Text() {
    std::string out;
    if (!rest_.starts_with('"')) {
      good_ = false;
      return out;
    }
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        ++i;
        out += rest_[i] == 'n' ? '\n' : rest_[i];
      } else {
        out += rest_[i];
      }
    }
    good_ = good_ && i < rest_.size();
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
    if (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return out;
  }
  double Real() { return Convert<double>(); }
  std::uint64_t Count() { return Convert<std::uint64_t>(); }
  [[nodiscard]] bool Empty() const { return rest_.empty(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  template <typename T>
  T Convert() {
    const std::string word = Word();
    T value{};
    const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (status != std::errc{} || end != word.data() + word.size()) good_ = false;
    if constexpr (std::is_floating_point_v<T>) good_ = good_ && std::isfinite(value);
    return value;
  }
  std::string_view rest_;
  bool good_ = true;
};

struct Reader {
  Baseline b;
  RegressionFit fit;
  Validation validation;

  bool Line(std::string_view line) {
    Parts p(line);
    const std::string key = p.Word();
    const bool known = Head(key, &p) || Body(key, &p);
    return known && p.good() && p.Empty();
  }
  bool Head(const std::string& key, Parts* p) {
    if (key == "name") {
      b.name = p->Text();
    } else if (key == "outcome") {
      b.outcome = p->Text();
    } else if (key == "kind") {
      const std::string kind = p->Word();
      for (std::size_t i = 0; i < 3; ++i) {
        if (kKinds[i] == kind) b.kind = static_cast<BaselineKind>(i);
      }
    } else if (key == "source") {
      b.source = p->Text();
    } else if (key == "rows") {
      b.rows = p->Count();
    } else if (key == "alpha0") {
      b.alpha0 = p->Real();
    } else if (key == "range") {
      b.low = p->Real();
      b.high = p->Real();
    } else if (key == "level") {
      b.levels.push_back(p->Real());
    } else {
      return false;
    }
    return true;
  }
  bool Body(const std::string& key, Parts* p) {
    if (key == "stratum") {
      Stratum s;
      s.name = p->Text();
      s.n = p->Count();
      s.clusters = p->Count();
      s.mean = p->Real();
      s.sd = p->Real();
      while (!p->Empty() && p->good()) s.counts.push_back(p->Count());
      b.strata.push_back(std::move(s));
    } else if (key == "feature") {
      Feature f;
      f.column = p->Text();
      f.numeric = p->Word() == "numeric";
      if (f.numeric) {
        f.mean = p->Real();
        f.sd = p->Real();
      } else {
        f.level = p->Text();
      }
      b.features.push_back(std::move(f));
    } else if (key == "ridge") {
      fit.ridge = p->Real();
      fit.log_likelihood = p->Real();
    } else if (key == "threshold") {
      fit.thresholds.push_back(p->Real());
    } else if (key == "coefficient") {
      fit.beta.push_back(p->Real());
    } else if (key == "covariance") {
      while (!p->Empty() && p->good()) fit.covariance.push_back(p->Real());
    } else if (key == "validation") {
      validation.folds = p->Count();
      for (double* x : {&validation.discrimination, &validation.brier, &validation.calibration_intercept,
                        &validation.calibration_slope, &validation.log_loss}) {
        *x = p->Real();
      }
      validation.calibration = static_cast<Reason>(std::min<std::uint64_t>(p->Count(), 255));
    } else {
      return false;
    }
    return true;
  }
};

double MeanOfCounts(const std::vector<double>& levels, const Stratum& s) {
  double sum = 0;
  for (std::size_t k = 0; k < levels.size(); ++k)
    sum += levels[k] * (static_cast<double>(s.counts[k]) / static_cast<double>(s.n));
  return sum;
}

// Numbers that could not all come from one table: an edited file, or one damaged where it still reads. Nullopt when they fit.
std::optional<std::string> Contradiction(const Baseline& b) {
  if (!(b.alpha0 > 0 && b.alpha0 < 0.5)) return "alpha0 lies inside (0, 0.5)";
  if (!(b.high > b.low)) return "the range is empty";
  if (!std::is_sorted(b.levels.begin(), b.levels.end(), std::less_equal<>())) return "the levels do not ascend";
  if (!b.strata.front().name.empty()) return "the first stratum is not that of all cases";
  if (b.strata.front().n != b.rows) return "the cases of all strata are not the rows";
  const bool levels = b.kind != BaselineKind::kNumeric;
  if (levels && b.levels.size() < 2) return "fewer than two levels";
  if (b.kind == BaselineKind::kBinary && !(b.levels.size() == 2 && b.levels[0] == 0 && b.levels[1] == 1))
    return "the levels of a binary outcome are 0 and 1";
  if (levels && (b.low != b.levels.front() || b.high != b.levels.back())) return "the range is not that of the levels";
  const double low = levels ? b.levels.front() : b.low, high = levels ? b.levels.back() : b.high, slack = 1e-9 * (high - low);
  for (std::size_t i = 0; i < b.strata.size(); ++i) {
    const Stratum& s = b.strata[i];
    const std::string where = "stratum \"" + s.name + "\": ";
    if (s.counts.size() != b.levels.size()) return where + "not one count per level";
    if (s.clusters < 1 || s.clusters > s.n || s.n > b.rows) return where + "clusters and cases do not fit";
    if (!(s.mean >= low - slack && s.mean <= high + slack) || !(s.sd >= 0)) return where + "mean or SD outside the scale";
    std::uint64_t total = 0;
    for (const std::uint64_t n : s.counts) total += n <= s.n ? n : s.n + 1;
    if (levels && total != s.n) return where + "the counts do not add up";
    if (levels && s.clusters == s.n && std::fabs(MeanOfCounts(b.levels, s) - s.mean) > slack)
      return where + "the mean is not that of the counts";
    if (i > 0 && !(b.strata[i - 1].name < s.name)) return where + "strata are not in order";
  }
  for (const Feature& f : b.features) {
    if (f.numeric && !(f.sd > 0)) return "feature \"" + f.column + "\" has no spread";
  }
  return std::nullopt;
}

std::optional<std::string> ModelContradiction(const RegressionFit& fit, const Validation& v, const Baseline& b) {
  const std::size_t size = fit.thresholds.size() + fit.beta.size();
  const bool whole = fit.covariance.size() == size * size && fit.beta.size() == b.features.size() &&
                     fit.thresholds.size() + 1 == b.levels.size() && size <= kMaxRegressors + b.levels.size();
  if (!whole) return "the model's numbers do not fit together";
  if (!std::is_sorted(fit.thresholds.begin(), fit.thresholds.end()) || !(fit.ridge >= 0)) return "thresholds or ridge cannot be";
  for (std::size_t i = 0; i < size; ++i) {
    if (!(fit.covariance[i * size + i] >= 0)) return "a variance is below 0";
  }
  const bool validated =
      v.folds == 0 || (v.discrimination >= 0 && v.discrimination <= 1 && v.brier >= 0 && v.calibration <= Reason::kOutsideDomain);
  if (!validated) return "the validation's numbers cannot be";
  return std::nullopt;
}

}  // namespace

std::string Baseline::Text() const {
  std::string out(kFirstLine);
  out += "\nname " + Quote(name) + "\noutcome " + Quote(outcome) + "\nkind " +
         std::string(kKinds[static_cast<std::size_t>(kind)]) + "\nsource " + Quote(source) + "\nrows " + std::to_string(rows) +
         "\nalpha0 " + Number(alpha0) + "\nrange " + Number(low) + " " + Number(high) + "\n";
  for (const double level : levels) out += "level " + Number(level) + "\n";
  for (const Stratum& s : strata) {
    out += "stratum " + Quote(s.name) + " " + std::to_string(s.n) + " " + std::to_string(s.clusters) + " " + Number(s.mean) +
           " " + Number(s.sd);
    for (const std::uint64_t n : s.counts) out += " " + std::to_string(n);
    out += "\n";
  }
  for (const Feature& f : features) {
    out += "feature " + Quote(f.column) +
           (f.numeric ? " numeric " + Number(f.mean) + " " + Number(f.sd) : " level " + Quote(f.level)) + "\n";
  }
  if (model) {
    out += "ridge " + Number(model->ridge) + " " + Number(model->log_likelihood) + "\n";
    for (const double t : model->thresholds) out += "threshold " + Number(t) + "\n";
    for (const double c : model->beta) out += "coefficient " + Number(c) + "\n";
    const std::size_t size = model->thresholds.size() + model->beta.size();
    for (std::size_t i = 0; i < size; ++i) {
      out += "covariance";
      for (std::size_t j = 0; j < size; ++j) out += " " + Number(model->covariance[i * size + j]);
      out += "\n";
    }
  }
  if (validation) {
    out += "validation " + std::to_string(validation->folds);
    for (const double x : {validation->discrimination, validation->brier, validation->calibration_intercept,
                           validation->calibration_slope, validation->log_loss}) {
      out += " " + Number(x);
    }
    out += " " + std::to_string(static_cast<int>(validation->calibration)) + "\n";
  }
  return out;
}

std::string Baseline::DigestHexText() const { return DigestHex(Sha256Of(Text())); }

Result<Baseline> ParseBaseline(std::string_view text) {
  Reader reader;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (number == 1) {
      if (line != kFirstLine) return Fail(ErrorCode::kVersion, "the file does not begin with \"plumbline-baseline 1\"");
      continue;
    }
    if (number > kMaxLines || !reader.Line(line))
      return Fail(ErrorCode::kParse, "baseline, line " + std::to_string(number) + " cannot be read");
  }
  Baseline& b = reader.b;
  if (b.strata.empty()) return Fail(ErrorCode::kParse, "baseline: no stratum");
  if (const auto wrong = Contradiction(b)) return Fail(ErrorCode::kIntegrity, "baseline: " + *wrong);
  if (!reader.fit.thresholds.empty()) {
    if (const auto wrong = ModelContradiction(reader.fit, reader.validation, b))
      return Fail(ErrorCode::kIntegrity, "baseline: " + *wrong);
    reader.fit.levels = b.levels.size();
    b.model = std::move(reader.fit);
    if (reader.validation.folds > 0) b.validation = reader.validation;
  }
  if (b.Text() != text)
    return Fail(ErrorCode::kIntegrity, "baseline: the text is not canonical, so its digest would not name it");
  return b;
}

}  // namespace plumbline::stats
