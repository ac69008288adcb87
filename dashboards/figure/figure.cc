#include "dashboards/figure/figure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace plumbline::figure {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = 84;
constexpr double kRight = 28;
constexpr double kPlotHeight = 430;
constexpr std::size_t kWrap = 132;  // columns of a note's line

std::string Number(double x) {
  char buffer[32];
  const int n = std::snprintf(buffer, sizeof buffer, "%.2f", x);
  return {buffer, static_cast<std::size_t>(n)};
}
std::string Label(double x) {
  char buffer[32];
  const int n = std::snprintf(buffer, sizeof buffer, "%.6g", std::fabs(x) < 1e-12 ? 0.0 : x);
  return {buffer, static_cast<std::size_t>(n)};
}

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

const char* Colour(Tone tone) {
  switch (tone) {
    case Tone::kInk:
      return "#1b2733";
    case Tone::kMuted:
      return "#7a8794";
    case Tone::kHigh:
      return "#b3261e";
    case Tone::kLow:
      return "#1f5fa8";
    case Tone::kAccent:
      return "#2e7d5b";
  }
  return "#1b2733";
}
const char* Dashes(Dash dash) {
  switch (dash) {
    case Dash::kSolid:
      return "";
    case Dash::kLong:
      return " stroke-dasharray=\"9 4\"";
    case Dash::kShort:
      return " stroke-dasharray=\"3 4\"";
  }
  return "";
}

// Columns a text takes: CJK counts two.
std::size_t Columns(const std::string& text) {
  std::size_t n = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      n += 1;
    } else if (byte >= 0xE0) {
      n += 2;
    } else if (byte >= 0xC0) {
      n += 1;
    }
  }
  return n;
}

std::vector<std::string> Wrap(const std::string& text) {
  std::vector<std::string> lines(1);
  std::string word;
  std::size_t columns = 0;
  const auto flush = [&] {
    if (columns + Columns(word) > kWrap && columns > 0) {
      lines.emplace_back();
      columns = 0;
      while (word.starts_with(' ')) word.erase(0, 1);
    }
    lines.back() += word;
    columns += Columns(word);
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == ' ' || byte >= 0xE0) flush();
    word += text[i];
  }
  flush();
  return lines;
}

class Svg {
 public:
  Svg(double height, const std::string& title, const std::string& description) {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Number(kWidth) + "\" height=\"" + Number(height) +
           "\" viewBox=\"0 0 " + Number(kWidth) + " " + Number(height) +
           "\" role=\"img\" font-family=\"'Noto Sans','Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','DejaVu "
           "Sans',sans-serif\">\n<title>" +
           Escape(title) + "</title>\n<desc>" + Escape(description) +
           "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  }
  void Text(double x, double y, const std::string& text, double size, const char* anchor = "start", Tone tone = Tone::kInk,
            bool bold = false, bool up = false) {
    if (text.empty()) return;
    out_ += "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" font-size=\"" + Number(size) + "\" text-anchor=\"" + anchor +
            "\" fill=\"" + Colour(tone) + "\"" + (bold ? " font-weight=\"600\"" : "") +
            (up ? " transform=\"rotate(-90 " + Number(x) + " " + Number(y) + ")\"" : "") + ">" + Escape(text) + "</text>\n";
  }
  void Segment(double x1, double y1, double x2, double y2, Tone tone, double width, Dash dash = Dash::kSolid,
               double opacity = 1) {
    out_ += "<line x1=\"" + Number(x1) + "\" y1=\"" + Number(y1) + "\" x2=\"" + Number(x2) + "\" y2=\"" + Number(y2) +
            "\" stroke=\"" + Colour(tone) + "\" stroke-width=\"" + Number(width) + "\"" + Dashes(dash) +
            (opacity < 1 ? " stroke-opacity=\"" + Number(opacity) + "\"" : "") + "/>\n";
  }
  void Rect(double x, double y, double w, double h, Tone tone, double opacity) {
    out_ += "<rect x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" width=\"" + Number(w) + "\" height=\"" + Number(h) +
            "\" fill=\"" + Colour(tone) + "\" fill-opacity=\"" + Number(opacity) + "\"/>\n";
  }
  void Poly(const std::vector<std::pair<double, double>>& points, Tone tone, double width, Dash dash) {
    if (points.size() < 2) return;
    out_ += "<polyline fill=\"none\" stroke=\"" + std::string(Colour(tone)) + "\" stroke-width=\"" + Number(width) +
            "\" stroke-linejoin=\"round\"" + Dashes(dash) + " points=\"";
    for (const auto& [x, y] : points) out_ += Number(x) + "," + Number(y) + " ";
    out_.back() = '"';
    out_ += "/>\n";
  }
  void Draw(double x, double y, Shape shape, Tone tone, double r = 3.6) {
    const std::string colour = Colour(tone);
    const auto triangle = [&](double sign) {
      const double s = r * 1.35;
      out_ += "<polygon points=\"" + Number(x) + "," + Number(y - sign * s) + " " + Number(x - s) + "," +
              Number(y + sign * s * 0.8) + " " + Number(x + s) + "," + Number(y + sign * s * 0.8) + "\" fill=\"" + colour +
              "\"/>\n";
    };
    if (shape == Shape::kUp) triangle(1);
    if (shape == Shape::kDown) triangle(-1);
    if (shape == Shape::kDot)
      out_ += "<circle cx=\"" + Number(x) + "\" cy=\"" + Number(y) + "\" r=\"" + Number(r) + "\" fill=\"" + colour +
              "\" fill-opacity=\"0.72\"/>\n";
    if (shape == Shape::kRing) {
      out_ += "<circle cx=\"" + Number(x) + "\" cy=\"" + Number(y) + "\" r=\"" + Number(r) + "\" fill=\"#ffffff\" stroke=\"" +
              colour + "\" stroke-width=\"1.3\"/>\n";
    }
  }
  // Another figure of the same width, its top at y.
  void Nest(const std::string& svg, double y) {
    constexpr std::string_view kBegin = "<svg ";
    out_ += std::string(kBegin) + "y=\"" + Number(y) + "\" " + svg.substr(kBegin.size());
  }
  std::string Finish() { return out_ + "</svg>\n"; }

 private:
  std::string out_;
};

// One axis: data to pixels, and round ticks.
class Axis {
 public:
  Axis(double low, double high, bool log, double from, double to) : log_(log), from_(from), to_(to) {
    if (log_ && !(low > 0)) low = high > 0 ? high / 1000 : 0.1;
    if (!(high > low)) high = log_ ? low * 10 : low + 1;
    low_ = log_ ? std::log10(low) : low;
    high_ = log_ ? std::log10(high) : high;
    const double pad = (high_ - low_) * 0.03;
    low_ -= pad;
    high_ += pad;
  }
  [[nodiscard]] bool Shows(double x) const { return std::isfinite(x) && (!log_ || x > 0); }
  [[nodiscard]] double At(double x) const {
    const double v = log_ ? std::log10(std::max(x, 1e-300)) : x;
    return from_ + (std::clamp(v, low_, high_) - low_) / (high_ - low_) * (to_ - from_);
  }
  [[nodiscard]] std::vector<double> Ticks() const {
    std::vector<double> ticks;
    if (log_ && high_ - low_ > 1.2) {
      const double step = std::max(1.0, std::ceil((high_ - low_) / 9));
      for (double e = std::ceil(low_); e <= high_; e += step) {
        ticks.push_back(std::pow(10, e));
        if (high_ - low_ < 3 && e + std::log10(3.0) <= high_) ticks.push_back(3 * std::pow(10, e));
      }
      return ticks;
    }
    const double low = log_ ? std::pow(10, low_) : low_, high = log_ ? std::pow(10, high_) : high_;
    const double raw = (high - low) / 7, power = std::pow(10, std::floor(std::log10(raw)));
    double step = 10 * power;
    for (const double m : {1.0, 2.0, 2.5, 5.0}) {
      if (raw <= m * power) {
        step = m * power;
        break;
      }
    }
    for (double t = std::ceil(low / step) * step; t <= high + step * 1e-9; t += step) {
      if (!log_ || t > 0) ticks.push_back(std::fabs(t) < step * 1e-9 ? 0 : t);
    }
    return ticks;
  }

 private:
  bool log_;
  double from_, to_;
  double low_ = 0, high_ = 1;
};

struct Range {
  double low = 1e300, high = -1e300;
  void Take(double x, bool log) {
    if (!std::isfinite(x) || (log && x <= 0)) return;
    low = std::min(low, x);
    high = std::max(high, x);
  }
};

double Head(Svg* svg, const std::string& title, const std::string& subtitle) {
  svg->Text(28, 36, title, 20, "start", Tone::kInk, true);
  svg->Text(28, 59, subtitle, 13, "start", Tone::kMuted);
  return 82;
}

void Notes(Svg* svg, double y, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    svg->Text(28, y, line, 11.5, "start", Tone::kMuted);
    y += 16;
  }
}

std::vector<std::string> WrapAll(const std::vector<std::string>& notes) {
  std::vector<std::string> lines;
  for (const std::string& note : notes) {
    for (std::string& line : Wrap(note)) lines.push_back(std::move(line));
  }
  return lines;
}

double Legend(Svg* svg, const Plot& plot, double y) {
  double x = kLeft;
  const auto advance = [&](const std::string& text) {
    x += 30 + 7.1 * static_cast<double>(Columns(text)) + 16;
    if (x > kWidth - 160) {
      x = kLeft;
      y += 19;
    }
  };
  for (const Curve& c : plot.curves) {
    if (c.name.empty()) continue;
    svg->Segment(x, y - 4, x + 24, y - 4, c.tone, c.width, c.dash);
    svg->Text(x + 30, y, c.name, 12);
    advance(c.name);
  }
  for (const auto& [mark, text] : plot.legend) {
    svg->Draw(x + 12, y - 4, mark.shape, mark.tone);
    svg->Text(x + 30, y, text, 12);
    advance(text);
  }
  return y;
}

void Frame(Svg* svg, const Plot& plot, const Axis& ax, const Axis& ay, double top, double bottom) {
  for (const double t : ay.Ticks()) {
    svg->Segment(kLeft, ay.At(t), kWidth - kRight, ay.At(t), Tone::kMuted, 0.6, Dash::kSolid, 0.28);
    svg->Text(kLeft - 8, ay.At(t) + 4, Label(t), 12, "end");
  }
  for (const double t : ax.Ticks()) {
    svg->Segment(ax.At(t), bottom, ax.At(t), bottom + 5, Tone::kInk, 1);
    svg->Text(ax.At(t), bottom + 20, Label(t), 12, "middle");
  }
  svg->Segment(kLeft, bottom, kWidth - kRight, bottom, Tone::kInk, 1);
  svg->Segment(kLeft, top, kLeft, bottom, Tone::kInk, 1);
  svg->Text((kLeft + kWidth - kRight) / 2, bottom + 42, plot.x_label, 13, "middle");
  svg->Text(24, (top + bottom) / 2, plot.y_label, 13, "middle", Tone::kInk, false, true);
}

}  // namespace

namespace {

constexpr double kPlotTop = 96, kPlotBottom = kPlotTop + kPlotHeight;

std::size_t LegendEntries(const Plot& plot) {
  std::size_t entries = plot.legend.size();
  for (const Curve& c : plot.curves) entries += c.name.empty() ? 0 : 1;
  return entries;
}
double HeightOf(const Plot& plot) {
  const std::size_t entries = LegendEntries(plot);
  const double legend = entries == 0 ? 0 : 19 * (1 + std::floor(static_cast<double>(entries) / 4));
  return kPlotBottom + 62 + legend + 16 * static_cast<double>(WrapAll(plot.notes).size()) + 18;
}

}  // namespace

std::string Render(const std::vector<Plot>& plots) {
  if (plots.size() == 1) return Render(plots[0]);
  double height = plots.empty() ? 60 : 0;
  for (const Plot& p : plots) height += HeightOf(p);
  Svg svg(height, plots.empty() ? "" : plots[0].title, plots.empty() ? "" : plots[0].subtitle);
  double y = 0;
  for (const Plot& p : plots) {
    svg.Nest(Render(p), y);
    y += HeightOf(p);
  }
  return svg.Finish();
}

std::string Render(const Plot& plot) {
  const std::vector<std::string> notes = WrapAll(plot.notes);
  constexpr double top = kPlotTop, bottom = kPlotBottom;
  const std::size_t entries = LegendEntries(plot);
  Svg svg(HeightOf(plot), plot.title, plot.subtitle);
  Head(&svg, plot.title, plot.subtitle);
  Range rx, ry;
  for (const Curve& c : plot.curves) {
    for (const auto& [x, y] : c.points) {
      rx.Take(x, plot.x_log);
      ry.Take(y, plot.y_log);
    }
  }
  for (const Mark& m : plot.marks) {
    rx.Take(m.x, plot.x_log);
    ry.Take(m.y, plot.y_log);
  }
  for (const Line& l : plot.horizontal) ry.Take(l.at, plot.y_log);
  for (const double y : plot.y_include) ry.Take(y, plot.y_log);
  const Axis ax(rx.low, rx.high, plot.x_log, kLeft, kWidth - kRight), ay(ry.low, ry.high, plot.y_log, bottom, top);
  Frame(&svg, plot, ax, ay, top, bottom);
  for (const Line& l : plot.vertical) {
    svg.Segment(ax.At(l.at), top, ax.At(l.at), bottom, l.tone, 1.1, l.dash);
    svg.Text(ax.At(l.at) + 4, top + 12, l.label, 11.5, "start", l.tone);
  }
  for (const Line& l : plot.horizontal) {
    svg.Segment(kLeft, ay.At(l.at), kWidth - kRight, ay.At(l.at), l.tone, 1.2, l.dash);
    svg.Text(kWidth - kRight - 4, ay.At(l.at) - 5, l.label, 11.5, "end", l.tone);
  }
  for (const Curve& c : plot.curves) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [x, y] : c.points) {
      if (ax.Shows(x) && ay.Shows(y)) points.emplace_back(ax.At(x), ay.At(y));
    }
    svg.Poly(points, c.tone, c.width, c.dash);
  }
  for (const Mark& m : plot.marks) {
    if (!ax.Shows(m.x) || !ay.Shows(m.y)) continue;
    svg.Draw(ax.At(m.x), ay.At(m.y), m.shape, m.tone);
    const bool left = ax.At(m.x) > kWidth - 160;
    svg.Text(ax.At(m.x) + (left ? -7 : 7), ay.At(m.y) - 5, m.label, 11.5, left ? "end" : "start", m.tone);
  }
  const double after = entries == 0 ? bottom + 46 : Legend(&svg, plot, bottom + 68);
  Notes(&svg, after + 26, notes);
  return svg.Finish();
}

std::string Render(const Forest& forest) {
  const std::vector<std::string> notes = WrapAll(forest.notes);
  constexpr double kRow = 24, kPlotLeft = 270, kPlotRight = 700;
  const double top = 108, bottom = top + kRow * static_cast<double>(forest.rows.size()) + 8;
  Svg svg(bottom + 62 + 16 * static_cast<double>(notes.size()) + 18, forest.title, forest.subtitle);
  Head(&svg, forest.title, forest.subtitle);
  Range range;
  range.Take(forest.reference, forest.log);
  for (const ForestRow& r : forest.rows) {
    if (!r.has_value) continue;
    range.Take(r.value, forest.log);
    if (r.has_interval) {
      range.Take(r.low, forest.log);
      range.Take(r.high, forest.log);
    }
  }
  if (forest.margin_high > forest.margin_low) {
    range.Take(forest.margin_low, forest.log);
    range.Take(forest.margin_high, forest.log);
  }
  const Axis axis(range.low, range.high, forest.log, kPlotLeft, kPlotRight);
  svg.Text(28, top - 8, forest.label_header, 12.5, "start", Tone::kInk, true);
  svg.Text(kPlotRight + 18, top - 8, forest.text_header, 12.5, "start", Tone::kInk, true);
  if (forest.margin_high > forest.margin_low) {
    svg.Rect(axis.At(forest.margin_low), top, axis.At(forest.margin_high) - axis.At(forest.margin_low), bottom - top,
             Tone::kAccent, 0.12);
  }
  svg.Segment(axis.At(forest.reference), top, axis.At(forest.reference), bottom, Tone::kMuted, 1.2, Dash::kShort);
  double y = top + kRow / 2 + 4;
  for (const ForestRow& r : forest.rows) {
    svg.Text(28, y + 4, r.label, 12.5, "start", r.tone);
    svg.Text(kPlotRight + 18, y + 4, r.text, 12, "start", r.tone);
    if (r.has_value && axis.Shows(r.value)) {
      if (r.has_interval && axis.Shows(r.high)) {
        const double low = axis.Shows(r.low) ? axis.At(r.low) : kPlotLeft;
        svg.Segment(low, y, axis.At(r.high), y, r.tone, 1.6);
        svg.Segment(low, y - 4, low, y + 4, r.tone, 1.6);
        svg.Segment(axis.At(r.high), y - 4, axis.At(r.high), y + 4, r.tone, 1.6);
      }
      const Shape shape = r.tone == Tone::kHigh ? Shape::kUp : (r.tone == Tone::kLow ? Shape::kDown : Shape::kDot);
      svg.Draw(axis.At(r.value), y, shape, r.tone, 4.2);
    }
    y += kRow;
  }
  svg.Segment(kPlotLeft, bottom, kPlotRight, bottom, Tone::kInk, 1);
  for (const double t : axis.Ticks()) {
    svg.Segment(axis.At(t), bottom, axis.At(t), bottom + 5, Tone::kInk, 1);
    svg.Text(axis.At(t), bottom + 20, Label(t), 12, "middle");
  }
  svg.Text((kPlotLeft + kPlotRight) / 2, bottom + 42, forest.axis, 13, "middle");
  Notes(&svg, bottom + 68, notes);
  return svg.Finish();
}

}  // namespace plumbline::figure
