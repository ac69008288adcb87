// Figures as self-contained SVG for people's minutes: no scripts, no outside fonts or files, readable in black and white (shapes
// and dashes carry the meaning, colour repeats it), with <title> and <desc> for those who listen. Pure functions of plain data:
// the same bytes for the same data on every machine. Numbers that are not finite are left out, never drawn.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumbline::figure {

enum class Tone { kInk, kMuted, kHigh, kLow, kAccent };
enum class Dash { kSolid, kLong, kShort };
enum class Shape { kDot, kRing, kUp, kDown, kNone };

struct Curve {
  std::string name;  // in the legend, when not empty
  std::vector<std::pair<double, double>> points;
  Tone tone = Tone::kInk;
  Dash dash = Dash::kSolid;
  double width = 1.4;
};

struct Mark {
  double x = 0;
  double y = 0;
  Shape shape = Shape::kDot;
  Tone tone = Tone::kInk;
  std::string label{};  // beside the mark, when not empty
};

struct Line {
  double at = 0;
  std::string label;
  Tone tone = Tone::kMuted;
  Dash dash = Dash::kShort;
};

struct Plot {
  std::string title;
  std::string subtitle;
  std::string x_label;
  std::string y_label;
  bool x_log = false;
  bool y_log = false;
  std::vector<Curve> curves;
  std::vector<Mark> marks;
  std::vector<Line> horizontal;
  std::vector<Line> vertical;
  std::vector<std::pair<Mark, std::string>> legend;  // shapes and what they mean
  std::vector<std::string> notes;                    // under the plot: what was computed, from what, how to read it
  // The y axis covers at least this.
  std::vector<double> y_include;
};
[[nodiscard]] std::string Render(const Plot& plot);
// Plots above each other in one figure, each with its own axes; an empty figure where there is none.
[[nodiscard]] std::string Render(const std::vector<Plot>& plots);

struct ForestRow {
  std::string label;
  double value = 0;
  double low = 0;
  double high = 0;
  bool has_interval = true;
  bool has_value = true;
  std::string text{};  // right column
  Tone tone = Tone::kInk;
};
struct Forest {
  std::string title;
  std::string subtitle;
  std::string axis;
  std::string label_header;
  std::string text_header;
  double reference = 0;
  bool log = false;
  double margin_low = 0, margin_high = 0;  // a shaded band, when high > low
  std::vector<ForestRow> rows;
  std::vector<std::string> notes;
};
[[nodiscard]] std::string Render(const Forest& forest);

}  // namespace plumbline::figure
